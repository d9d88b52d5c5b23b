import type { OperatingSystem } from '@patchbay/facts';
import { sql } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Scope } from '../../../operations/scope.ts';

export interface Registration {
  readonly patchGroup: string;
  readonly operatingSystem: OperatingSystem;
  readonly baselineId: string;
}

/** Lets one registration of a baseline after the other count how many there are. */
export async function lockRegistrationsOf(db: Database, scope: Scope, baselineId: string): Promise<void> {
  const name = `patchbay:patch-groups:${scope.accountId}:${scope.region}:${baselineId}`;
  await sql`select pg_advisory_xact_lock(hashtext(${name}))`.execute(db);
}

/** Registers; false when the group already has a baseline for the operating system. */
export async function insertRegistration(db: Database, scope: Scope, registration: Registration): Promise<boolean> {
  const { accountId, region } = scope;
  const result = await db
    .insertInto('patchGroups')
    .values({ accountId, region, ...registration })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** The registrations of one group, one for each operating system. */
export async function listRegistrations(db: Database, scope: Scope, patchGroup: string): Promise<Registration[]> {
  const rows = await db
    .selectFrom('patchGroups')
    .select(['patchGroup', 'operatingSystem', 'baselineId'])
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('patchGroup', '=', patchGroup)
    .execute();
  return rows as Registration[];
}

/** Takes a registration away; one that is not there, or names another baseline, stays as it is. */
export async function deleteRegistration(
  db: Database,
  scope: Scope,
  registration: Pick<Registration, 'patchGroup' | 'baselineId'>,
): Promise<void> {
  await db
    .deleteFrom('patchGroups')
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('patchGroup', '=', registration.patchGroup)
    .where('baselineId', '=', registration.baselineId)
    .execute();
}

export interface RegistrationQuery {
  /** Each list must hold, by any of its texts. */
  readonly groupPrefixes: readonly (readonly string[])[];
  readonly operatingSystems: readonly (readonly string[])[];
  readonly after: Pick<Registration, 'patchGroup' | 'operatingSystem'> | undefined;
  readonly limit: number;
}

/** One page of all registrations in the order of group and operating system, byte by byte. */
export async function pageRegistrations(db: Database, scope: Scope, query: RegistrationQuery): Promise<Registration[]> {
  const { groupPrefixes, operatingSystems, after, limit } = query;
  let select = db
    .selectFrom('patchGroups')
    .select(['patchGroup', 'operatingSystem', 'baselineId'])
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region);
  for (const systems of operatingSystems) select = select.where('operatingSystem', 'in', systems);
  for (const prefixes of groupPrefixes) {
    select = select.where((where) =>
      where.or(prefixes.map((prefix) => where(where.fn('starts_with', ['patchGroup', where.val(prefix)]), '=', true))),
    );
  }
  if (after) {
    const { patchGroup, operatingSystem } = after;
    select = select.where(
      sql<boolean>`(patch_group collate "C", operating_system collate "C") > (${patchGroup}, ${operatingSystem})`,
    );
  }
  const rows = await select
    .orderBy(sql`patch_group collate "C"`)
    .orderBy(sql`operating_system collate "C"`)
    .limit(limit)
    .execute();
  return rows as Registration[];
}

export async function listGroupsOfBaseline(db: Database, scope: Scope, baselineId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('patchGroups')
    .select('patchGroup')
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('baselineId', '=', baselineId)
    .orderBy('patchGroup')
    .execute();
  return rows.map((row) => row.patchGroup);
}
