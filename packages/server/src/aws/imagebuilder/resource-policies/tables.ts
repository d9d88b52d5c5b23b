import type { ColumnType } from 'kysely';

/** Who else may see a component, a recipe or an image. Kept and answered; nobody is let in by it. */
export interface ImageResourcePoliciesTable {
  accountId: ColumnType<string, string, never>;
  region: ColumnType<string, string, never>;
  resourceType: ColumnType<string, string, never>;
  resourceId: ColumnType<string, string, never>;
  policy: string;
}

export interface ResourcePolicyTables {
  imageResourcePolicies: ImageResourcePoliciesTable;
}
