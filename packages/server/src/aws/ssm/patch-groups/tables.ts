/** One patch group has at most one baseline per operating system. */
export interface PatchGroupsTable {
  accountId: string;
  region: string;
  patchGroup: string;
  operatingSystem: string;
  baselineId: string;
}

export interface PatchGroupTables {
  patchGroups: PatchGroupsTable;
}
