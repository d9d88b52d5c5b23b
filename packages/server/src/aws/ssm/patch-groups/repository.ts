import type { OperatingSystem } from '@patchbay/facts';
import type { Database } from '../../../database/tables.ts';
import type { Scope } from '../../../operations/scope.ts';

export interface Registration {
  readonly patchGroup: string;
  readonly operatingSystem: OperatingSystem;
  readonly baselineId: string;
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
