import { type Insertable, type Selectable, sql } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Reach } from '../../../operations/authorize.ts';
import type { Scope } from '../../../operations/scope.ts';
import { isTaggedWithinReach } from '../../ssm/tags/reach-condition.ts';
import {
  type DistributionConfigurationsTable,
  type DistributionDefinition,
  distributionConfigurationType,
} from './tables.ts';

export type DistributionConfiguration = Selectable<DistributionConfigurationsTable>;

function selectConfigurations(db: Database, { accountId, region }: Scope) {
  return db.selectFrom('distributionConfigurations').where('accountId', '=', accountId).where('region', '=', region);
}

/** How many there are; the next who counts waits until this transaction has ended. */
export async function countConfigurationsAlone(db: Database, scope: Scope): Promise<number> {
  const name = `patchbay:distribution-configurations:${scope.accountId}:${scope.region}`;
  await sql`select pg_advisory_xact_lock(hashtext(${name}))`.execute(db);
  const { count } = await selectConfigurations(db, scope)
    .select((select) => select.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** False when there is one of that name already. */
export async function insertConfiguration(
  db: Database,
  configuration: Insertable<DistributionConfigurationsTable>,
): Promise<boolean> {
  const result = await db
    .insertInto('distributionConfigurations')
    .values(configuration)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function findConfiguration(
  db: Database,
  scope: Scope,
  arnName: string,
): Promise<DistributionConfiguration | undefined> {
  return await selectConfigurations(db, scope).selectAll().where('arnName', '=', arnName).executeTakeFirst();
}

export async function existsDistributionConfiguration(db: Database, scope: Scope, arnName: string): Promise<boolean> {
  return (await findConfiguration(db, scope, arnName)) !== undefined;
}

/** False when there is none. */
export async function replaceDefinition(
  db: Database,
  scope: Scope,
  arnName: string,
  change: { readonly definition: DistributionDefinition; readonly dateUpdated: Date },
): Promise<boolean> {
  const result = await db
    .updateTable('distributionConfigurations')
    .set({ definition: JSON.stringify(change.definition), dateUpdated: change.dateUpdated })
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('arnName', '=', arnName)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** False when there is none. */
export async function deleteConfigurationRow(db: Database, scope: Scope, arnName: string): Promise<boolean> {
  const result = await db
    .deleteFrom('distributionConfigurations')
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('arnName', '=', arnName)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

export interface ConfigurationQuery {
  readonly reach: Reach;
  /** Each list must hold, by any of its values. */
  readonly names: readonly (readonly string[])[];
  readonly afterArnName: string;
  readonly limit: number;
}

/** In the order of their names as ARNs hold them. */
export async function listConfigurations(
  db: Database,
  scope: Scope,
  { reach, names, afterArnName, limit }: ConfigurationQuery,
): Promise<DistributionConfiguration[]> {
  let select = selectConfigurations(db, scope).selectAll().where('arnName', '>', afterArnName);
  for (const wanted of names) select = select.where('name', 'in', wanted);
  const isWithinReach = isTaggedWithinReach(
    reach,
    scope,
    distributionConfigurationType,
    'distributionConfigurations.arnName',
  );
  if (isWithinReach) select = select.where(isWithinReach);
  return await select.orderBy('arnName').limit(limit).execute();
}
