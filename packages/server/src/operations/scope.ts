/** Every row belongs to one account and one region. */
export interface Scope {
  readonly accountId: string;
  readonly region: string;
}
