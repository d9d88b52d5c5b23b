/** Tags of every kind of resource, of SSM and of Image Builder, one row a tag. */
export interface ResourceTagsTable {
  accountId: string;
  region: string;
  resourceType: string;
  resourceId: string;
  key: string;
  value: string;
}

export interface TagTables {
  resourceTags: ResourceTagsTable;
}
