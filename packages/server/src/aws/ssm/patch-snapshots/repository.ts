import type { OperatingSystem } from '@patchbay/facts';
import { type Insertable, type Selectable, sql } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import { isUuid } from '../../../database/uuid.ts';
import type { Scope } from '../../../operations/scope.ts';
import type { PatchSnapshotsTable } from './tables.ts';

export type PatchSnapshot = Selectable<PatchSnapshotsTable>;

/** What makes two snapshots the same one. */
export interface SnapshotIdentity {
  readonly snapshotId: string;
  readonly patchGroup: string;
  readonly operatingSystem: OperatingSystem;
  readonly instanceId: string;
}

/** Of two nodes that ask for the same snapshot at once, one makes it and the other one waits. */
export async function lockSnapshot(db: Database, scope: Scope, identity: SnapshotIdentity): Promise<void> {
  const { snapshotId, patchGroup, operatingSystem, instanceId } = identity;
  const name = JSON.stringify([scope.accountId, scope.region, snapshotId, patchGroup, operatingSystem, instanceId]);
  await sql`select pg_advisory_xact_lock(hashtext(${`patchbay:patch-snapshot:${name}`}))`.execute(db);
}

/** The newest snapshot of an identity made since then. */
export async function findSnapshot(
  db: Database,
  scope: Scope,
  identity: SnapshotIdentity,
  since: Date,
): Promise<PatchSnapshot | undefined> {
  return await db
    .selectFrom('patchSnapshots')
    .selectAll()
    .where((where) => where.and({ accountId: scope.accountId, region: scope.region, ...identity }))
    .where('createdAt', '>', since)
    .orderBy('createdAt', 'desc')
    .limit(1)
    .executeTakeFirst();
}

export async function insertSnapshot(db: Database, snapshot: Insertable<PatchSnapshotsTable>): Promise<void> {
  await db.insertInto('patchSnapshots').values(snapshot).execute();
}

/** Any account's snapshot: who reads it shows an address that was signed for it. */
export async function findSnapshotByKey(db: Database, snapshotKey: string): Promise<PatchSnapshot | undefined> {
  if (!isUuid(snapshotKey)) return undefined;
  return await db.selectFrom('patchSnapshots').selectAll().where('snapshotKey', '=', snapshotKey).executeTakeFirst();
}
