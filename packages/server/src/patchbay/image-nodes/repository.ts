import type { NodeOverlay } from '@patchbay/facts';
import type { Insertable } from 'kysely';
import { isNodeWithinReach } from '../../aws/ssm/tags/reach-condition.ts';
import type { Database } from '../../database/tables.ts';
import type { Reach } from '../../operations/authorize.ts';
import type { Scope } from '../../operations/scope.ts';
import type { ImageNodesTable } from './tables.ts';

/** Keeps which image a node was made from, as its facts say; with facts that name none it is made from none. */
export async function recordImageNode(
  db: Database,
  node: Omit<Insertable<ImageNodesTable>, 'originId' | 'recipeArn'>,
  image: NodeOverlay['image'],
): Promise<void> {
  if (image === undefined) {
    await db.deleteFrom('imageNodes').where('instanceId', '=', node.instanceId).execute();
    return;
  }
  const { originId, recipeArn } = image;
  const { installedDigest, reportedAt } = node;
  await db
    .insertInto('imageNodes')
    .values({ ...node, originId, recipeArn })
    .onConflict((conflict) =>
      conflict.column('instanceId').doUpdateSet({ originId, recipeArn, installedDigest, reportedAt }),
    )
    .execute();
}

function selectNodesOf(db: Database, { accountId, region }: Scope, originId: string | null) {
  return db
    .selectFrom('imageNodes')
    .innerJoin('nodes', 'nodes.instanceId', 'imageNodes.instanceId')
    .where('imageNodes.accountId', '=', accountId)
    .where('imageNodes.region', '=', region)
    .where('imageNodes.originId', '=', originId)
    .where('nodes.deregisteredAt', 'is', null);
}

/** One registered node that runs from an image, if there is any. */
export async function findNodeOfImage(
  db: Database,
  scope: Scope,
  originId: string | null,
): Promise<string | undefined> {
  const row = await selectNodesOf(db, scope, originId)
    .select('imageNodes.instanceId')
    .orderBy('imageNodes.instanceId')
    .limit(1)
    .executeTakeFirst();
  return row?.instanceId;
}

export interface NodeOfImage {
  readonly instanceId: string;
  readonly name: string | null;
  readonly installedDigest: string;
  readonly reportedAt: Date;
}

export async function pageNodesOfImage(
  db: Database,
  scope: Scope,
  query: { readonly originId: string | null; readonly reach: Reach; readonly after: string; readonly limit: number },
): Promise<NodeOfImage[]> {
  let select = selectNodesOf(db, scope, query.originId)
    .select(['imageNodes.instanceId', 'nodes.name', 'imageNodes.installedDigest', 'imageNodes.reportedAt'])
    .where('imageNodes.instanceId', '>', query.after);
  const isWithinReach = isNodeWithinReach(query.reach, scope, 'imageNodes.instanceId');
  if (isWithinReach) select = select.where(isWithinReach);
  return await select.orderBy('imageNodes.instanceId').limit(query.limit).execute();
}
