import { type Insertable, type Selectable, sql } from 'kysely';
import { DatabaseError } from 'pg';
import type { Database } from '../../../database/tables.ts';
import type { Scope } from '../../../operations/scope.ts';
import { removeTags } from '../tags/repository.ts';
import { ParameterError } from './errors.ts';
import type { Selector } from './names.ts';
import type { CommandParametersTable, ParametersTable, ParameterTier, ParameterVersionsTable } from './tables.ts';

export type Parameter = Selectable<ParametersTable>;
/** A version with the type that all versions of its parameter have. */
export type ParameterVersion = Selectable<ParameterVersionsTable> & Pick<Parameter, 'type'>;

/** Where and when one looks: what has expired by then is not there. */
export type Moment = Scope & { readonly now: Date };

/** lock_not_available (PostgreSQL manual, appendix A). */
const lockNotAvailable = '55P03';

/** The parameters that are there, without those whose time is over. */
export function selectParameters(db: Database, moment: Moment) {
  return db
    .selectFrom('parameters')
    .where('parameters.accountId', '=', moment.accountId)
    .where('parameters.region', '=', moment.region)
    .where((where) =>
      where.or([where('parameters.expiresAt', 'is', null), where('parameters.expiresAt', '>', moment.now)]),
    );
}

/** The same, each with its versions. */
export function selectVersions(db: Database, moment: Moment) {
  return selectParameters(db, moment)
    .innerJoin('parameterVersions', (join) =>
      join
        .onRef('parameterVersions.accountId', '=', 'parameters.accountId')
        .onRef('parameterVersions.region', '=', 'parameters.region')
        .onRef('parameterVersions.name', '=', 'parameters.name'),
    )
    .selectAll('parameterVersions')
    .select('parameters.type');
}

/** The first of the names that exists. */
export async function findParameter(
  db: Database,
  moment: Moment,
  names: readonly string[],
): Promise<Parameter | undefined> {
  if (names.length === 0) return undefined;
  const found = await selectParameters(db, moment).selectAll().where('name', 'in', names).execute();
  return names.flatMap((name) => found.filter((parameter) => parameter.name === name))[0];
}

export async function existsParameter(db: Database, moment: Moment, name: string): Promise<boolean> {
  return (await findParameter(db, moment, [name])) !== undefined;
}

/**
 * The parameter's row, locked until the transaction ends, expired or not. Who changes it meanwhile is waited for, but not
 * for long: AWS refuses concurrent updates as well.
 */
export async function lockParameter(db: Database, scope: Scope, name: string): Promise<Parameter | undefined> {
  await sql`set local lock_timeout = '2s'`.execute(db);
  try {
    const row = await db
      .selectFrom('parameters')
      .selectAll()
      .where('accountId', '=', scope.accountId)
      .where('region', '=', scope.region)
      .where('name', '=', name)
      .forUpdate()
      .executeTakeFirst();
    await sql`set local lock_timeout to default`.execute(db);
    return row;
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== lockNotAvailable) throw error;
    throw new ParameterError('PARAMETER_BUSY', `${name} is being changed by another call. Try again.`, {
      cause: error,
    });
  }
}

/** One version: the one that is selected, or the newest. */
export async function findVersion(
  db: Database,
  moment: Moment,
  name: string,
  selector: Selector | undefined,
): Promise<ParameterVersion | undefined> {
  const select = selectVersions(db, moment).where('parameters.name', '=', name);
  if (selector === undefined)
    return await select.whereRef('parameterVersions.version', '=', 'parameters.version').executeTakeFirst();
  if (selector.kind === 'version') {
    return await select.where('parameterVersions.version', '=', selector.version).executeTakeFirst();
  }
  return await select
    .where('parameterVersions.version', '=', (labels) =>
      labels
        .selectFrom('parameterLabels')
        .select('parameterLabels.version')
        .where('parameterLabels.accountId', '=', moment.accountId)
        .where('parameterLabels.region', '=', moment.region)
        .where('parameterLabels.name', '=', name)
        .where('parameterLabels.label', '=', selector.label),
    )
    .executeTakeFirst();
}

/** Versions from an older one on, oldest first. */
export async function listVersions(
  db: Database,
  moment: Moment,
  name: string,
  afterVersion: number,
  limit: number,
): Promise<ParameterVersion[]> {
  return await selectVersions(db, moment)
    .where('parameters.name', '=', name)
    .where('parameterVersions.version', '>', afterVersion)
    .orderBy('parameterVersions.version')
    .limit(limit)
    .execute();
}

/** False when somebody else has created it since one looked. */
export async function insertParameter(db: Database, parameter: Insertable<ParametersTable>): Promise<boolean> {
  const result = await db
    .insertInto('parameters')
    .values(parameter)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function insertVersion(db: Database, version: Insertable<ParameterVersionsTable>): Promise<void> {
  await db.insertInto('parameterVersions').values(version).execute();
}

export async function updateParameter(
  db: Database,
  { accountId, region, name, version, expiresAt }: Omit<Parameter, 'type'>,
): Promise<void> {
  await db
    .updateTable('parameters')
    .set({ version, expiresAt })
    .where('accountId', '=', accountId)
    .where('region', '=', region)
    .where('name', '=', name)
    .execute();
}

/** The oldest version that is kept, and whether a label holds it. */
export async function findOldestVersion(
  db: Database,
  scope: Scope,
  name: string,
): Promise<{ version: number; isLabelled: boolean } | undefined> {
  return await db
    .selectFrom('parameterVersions')
    .select((select) => [
      'version',
      select
        .exists(
          select
            .selectFrom('parameterLabels')
            .select('label')
            .whereRef('parameterLabels.accountId', '=', 'parameterVersions.accountId')
            .whereRef('parameterLabels.region', '=', 'parameterVersions.region')
            .whereRef('parameterLabels.name', '=', 'parameterVersions.name')
            .whereRef('parameterLabels.version', '=', 'parameterVersions.version'),
        )
        .$castTo<boolean>()
        .as('isLabelled'),
    ])
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('name', '=', name)
    .orderBy('version')
    .limit(1)
    .executeTakeFirst();
}

export async function deleteVersion(db: Database, scope: Scope, name: string, version: number): Promise<void> {
  await db
    .deleteFrom('parameterVersions')
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('name', '=', name)
    .where('version', '=', version)
    .execute();
}

/** Removes a parameter with its versions, labels and tags. */
export async function deleteParameter(db: Database, scope: Scope, name: string): Promise<void> {
  await db
    .deleteFrom('parameters')
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('name', '=', name)
    .execute();
  await removeTags(db, scope, { resourceType: 'Parameter', resourceId: name }, 'all');
}

/** Whether an account has as many parameters of a tier as it may. Of two creations at once, one waits. */
export async function hasReachedQuota(
  db: Database,
  moment: Moment,
  tier: ParameterTier,
  quota: number,
): Promise<boolean> {
  if (quota === Number.POSITIVE_INFINITY) return false;
  const key = `patchbay:parameter-quota:${moment.accountId}:${moment.region}`;
  await sql`select pg_advisory_xact_lock(hashtext(${key}))`.execute(db);
  const { count } = await selectVersions(db, moment)
    .clearSelect()
    .select((select) => select.fn.countAll<string>().as('count'))
    .whereRef('parameterVersions.version', '=', 'parameters.version')
    .where('parameterVersions.tier', '=', tier)
    .executeTakeFirstOrThrow();
  return Number(count) >= quota;
}

/** Removes what has expired, in every account: nobody has seen it since. */
export async function removeExpiredParameters(db: Database, now: Date): Promise<void> {
  await sql`
    with expired as (delete from parameters where expires_at <= ${now} returning account_id, region, name)
    delete from resource_tags using expired
      where resource_tags.account_id = expired.account_id and resource_tags.region = expired.region
        and resource_type = 'Parameter' and resource_id = expired.name`.execute(db);
}

export async function insertCommandParameters(
  db: Database,
  rows: readonly Insertable<CommandParametersTable>[],
): Promise<void> {
  if (rows.length > 0) await db.insertInto('commandParameters').values(rows).execute();
}
