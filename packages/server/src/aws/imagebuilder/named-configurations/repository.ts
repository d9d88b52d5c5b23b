import { type Insertable, type Selectable, sql } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Reach } from '../../../operations/authorize.ts';
import type { Scope } from '../../../operations/scope.ts';
import { isTaggedWithinReach } from '../../ssm/tags/reach-condition.ts';
import { type DistributionDefinition, distributionConfigurationType } from '../distribution-configurations/tables.ts';
import {
  type InfrastructureDefinition,
  infrastructureConfigurationType,
} from '../infrastructure-configurations/tables.ts';
import type { NamedConfigurationsTable } from './tables.ts';

/** What is defined under a name, by its type as ARNs and `resource_tags` call it. */
export interface ConfigurationDefinitions {
  readonly [distributionConfigurationType]: DistributionDefinition;
  readonly [infrastructureConfigurationType]: InfrastructureDefinition;
}
export type ConfigurationType = keyof ConfigurationDefinitions;

const tableOf = {
  [distributionConfigurationType]: 'distributionConfigurations',
  [infrastructureConfigurationType]: 'infrastructureConfigurations',
} as const;

export interface ConfigurationRow<Type extends ConfigurationType>
  extends Selectable<NamedConfigurationsTable<unknown>> {
  definition: ConfigurationDefinitions[Type];
}

function selectConfigurations(db: Database, { accountId, region }: Scope, type: ConfigurationType) {
  return db.selectFrom(tableOf[type]).where('accountId', '=', accountId).where('region', '=', region);
}

/** How many there are of a type; the next who counts waits until this transaction has ended. */
export async function countConfigurationsAlone(db: Database, scope: Scope, type: ConfigurationType): Promise<number> {
  const name = `patchbay:${type}s:${scope.accountId}:${scope.region}`;
  await sql`select pg_advisory_xact_lock(hashtext(${name}))`.execute(db);
  const { count } = await selectConfigurations(db, scope, type)
    .select((select) => select.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** False when there is one of that name already. */
export async function insertConfiguration(
  db: Database,
  type: ConfigurationType,
  row: Insertable<NamedConfigurationsTable<unknown>>,
): Promise<boolean> {
  const result = await db
    .insertInto(tableOf[type])
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function findConfiguration<Type extends ConfigurationType>(
  db: Database,
  scope: Scope,
  type: Type,
  arnName: string,
): Promise<ConfigurationRow<Type> | undefined> {
  const row = await selectConfigurations(db, scope, type).selectAll().where('arnName', '=', arnName).executeTakeFirst();
  return row as ConfigurationRow<Type> | undefined;
}

export async function existsDistributionConfiguration(db: Database, scope: Scope, arnName: string): Promise<boolean> {
  return (await findConfiguration(db, scope, distributionConfigurationType, arnName)) !== undefined;
}

export async function existsInfrastructureConfiguration(db: Database, scope: Scope, arnName: string): Promise<boolean> {
  return (await findConfiguration(db, scope, infrastructureConfigurationType, arnName)) !== undefined;
}

/** False when there is none. */
export async function replaceDefinition(
  db: Database,
  scope: Scope,
  type: ConfigurationType,
  arnName: string,
  change: { readonly definition: ConfigurationDefinitions[ConfigurationType]; readonly dateUpdated: Date },
): Promise<boolean> {
  const result = await db
    .updateTable(tableOf[type])
    .set({ definition: JSON.stringify(change.definition), dateUpdated: change.dateUpdated })
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('arnName', '=', arnName)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** False when there is none. */
export async function deleteConfigurationRow(
  db: Database,
  scope: Scope,
  type: ConfigurationType,
  arnName: string,
): Promise<boolean> {
  const result = await db
    .deleteFrom(tableOf[type])
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
export async function listConfigurationRows<Type extends ConfigurationType>(
  db: Database,
  scope: Scope,
  type: Type,
  { reach, names, afterArnName, limit }: ConfigurationQuery,
): Promise<ConfigurationRow<Type>[]> {
  let select = selectConfigurations(db, scope, type).selectAll().where('arnName', '>', afterArnName);
  for (const wanted of names) select = select.where('name', 'in', wanted);
  const isWithinReach = isTaggedWithinReach(reach, scope, type, `${tableOf[type]}.arnName`);
  if (isWithinReach) select = select.where(isWithinReach);
  return (await select.orderBy('arnName').limit(limit).execute()) as ConfigurationRow<Type>[];
}
