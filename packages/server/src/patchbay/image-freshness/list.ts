import type { ImageFreshness } from '@patchbay/patching';
import { sql } from 'kysely';
import { isAfterPosition, isNewestBuild } from '../../aws/imagebuilder/images/list-images.ts';
import { imageType } from '../../aws/imagebuilder/images/tables.ts';
import { isTaggedWithinReach } from '../../aws/ssm/tags/reach-condition.ts';
import type { Database } from '../../database/tables.ts';
import type { Reach } from '../../operations/authorize.ts';
import type { Scope } from '../../operations/scope.ts';

export interface FreshnessQuery {
  readonly reach: Reach;
  readonly names?: readonly string[] | undefined;
  readonly freshness?: readonly ImageFreshness[] | undefined;
  readonly isNewestOnly: boolean;
  /** A position that `positionOf` gave; empty for the first page. */
  readonly after: string;
  readonly limit: number;
}

function selectWithFreshness(db: Database, { accountId, region }: Scope) {
  return db
    .selectFrom('images')
    .leftJoin('imageFreshness as found', 'found.imageId', 'images.imageId')
    .where('images.accountId', '=', accountId)
    .where('images.region', '=', region)
    .select([
      'images.imageId',
      'images.accountId',
      'images.region',
      'images.resourceId',
      'images.arnName',
      'images.name',
      'images.version',
      'images.buildNumber',
      'images.osVersion',
      'images.patchGroup',
      'images.endedAt',
      'found.freshness',
      'found.why',
      'found.missingCount',
      'found.verdictDigest',
      'found.baselineId',
      'found.baselineRevision',
      'found.isWatched',
      'found.offersAsOf',
      'found.evaluatedAt',
      'found.validUntil',
      'found.since',
    ]);
}

export type ImageWithFreshness = Awaited<ReturnType<ReturnType<typeof selectWithFreshness>['execute']>>[number];

export async function findWithFreshness(
  db: Database,
  scope: Scope,
  imageId: string,
): Promise<ImageWithFreshness | undefined> {
  return await selectWithFreshness(db, scope).where('images.imageId', '=', imageId).executeTakeFirst();
}

/** The available images, in the order of ListImages. */
export async function listWithFreshness(
  db: Database,
  scope: Scope,
  query: FreshnessQuery,
): Promise<ImageWithFreshness[]> {
  let select = selectWithFreshness(db, scope).where('images.status', '=', 'AVAILABLE');
  if (query.names) select = select.where('images.name', 'in', query.names);
  if (query.freshness) {
    const wanted = query.freshness;
    select = select.where(sql<boolean>`coalesce(found.freshness, 'unknown') = any(${[...wanted]}::text[])`);
  }
  if (query.isNewestOnly) select = select.where(isNewestBuild);
  const isWithinReach = isTaggedWithinReach(query.reach, scope, imageType, 'images.resourceId');
  if (isWithinReach) select = select.where(isWithinReach);
  if (query.after !== '') select = select.where(isAfterPosition(query.after));
  return await select
    .orderBy('images.arnName')
    .orderBy('images.versionOrder', 'desc')
    .orderBy('images.buildNumber', 'desc')
    .limit(query.limit)
    .execute();
}
