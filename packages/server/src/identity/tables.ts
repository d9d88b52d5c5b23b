import type { Role, TagLimit } from '@patchbay/contracts';
import type { ColumnType } from 'kysely';

/** A person or program. A name is never given to another, so that the audit trail stays clear. */
export interface UsersTable {
  userName: string;
  createdAt: Date;
  deletedAt: Date | null;
}

/** A role that somebody has in an account, over everything there or only what carries tags. */
export interface RoleBindingsTable {
  userName: string;
  accountId: string;
  role: Role;
  tagLimits: ColumnType<TagLimit[], string, string>;
  createdAt: Date;
}

/** A key of a person or program for one account. The secret is sealed with the key file. */
export interface AccessKeysTable {
  accessKeyId: string;
  accountId: string;
  userName: string;
  sealedSecret: string;
  createdAt: Date;
  /** To the minute. */
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

export interface IdentityTables {
  users: UsersTable;
  roleBindings: RoleBindingsTable;
  accessKeys: AccessKeysTable;
}
