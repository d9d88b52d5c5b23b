import type { Database } from '../../database/tables.ts';
import type { Scope } from '../../operations/scope.ts';

/** The revisions of an account's own baselines, and whom they serve. */
export async function readBaselineInputs(db: Database, { accountId, region }: Scope) {
  const baselines = await db
    .selectFrom('patchBaselines')
    .select(['baselineId', 'revision'])
    .where('accountId', '=', accountId)
    .where('region', '=', region)
    .where('deletedAt', 'is', null)
    .orderBy('baselineId')
    .execute();
  const groups = await db
    .selectFrom('patchGroups')
    .select(['patchGroup', 'operatingSystem', 'baselineId'])
    .where('accountId', '=', accountId)
    .where('region', '=', region)
    .orderBy('patchGroup')
    .orderBy('operatingSystem')
    .execute();
  const defaults = await db
    .selectFrom('defaultPatchBaselines')
    .select(['operatingSystem', 'baselineId'])
    .where('accountId', '=', accountId)
    .where('region', '=', region)
    .orderBy('operatingSystem')
    .execute();
  return { baselines, groups, defaults };
}
