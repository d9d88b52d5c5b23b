/** The image that a node says it was made from, with its newest facts. A node that stops saying so has no row. */
export interface ImageNodesTable {
  instanceId: string;
  accountId: string;
  region: string;
  originId: string;
  recipeArn: string;
  installedDigest: string;
  reportedAt: Date;
}

export interface ImageNodeTables {
  imageNodes: ImageNodesTable;
}
