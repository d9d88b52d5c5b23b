export type VersionSchemeId = 'dpkg' | 'rpm' | 'apk';

export interface VersionScheme {
  readonly id: VersionSchemeId;
  readonly displayName: string;
  /** Links to the texts that define the order. */
  readonly specification: readonly string[];
  isValid(text: string): boolean;
  /** Throws VersionError where the order hangs on a text that is not valid: an order that guesses is not an order. */
  compare(left: string, right: string): -1 | 0 | 1;
}
