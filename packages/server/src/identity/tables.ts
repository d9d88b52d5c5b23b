/** A person's or program's access key. The secret is sealed with the key file. */
export interface AccessKeysTable {
  accessKeyId: string;
  accountId: string;
  userName: string;
  role: string;
  sealedSecret: string;
  createdAt: Date;
  revokedAt: Date | null;
}

export interface IdentityTables {
  accessKeys: AccessKeysTable;
}
