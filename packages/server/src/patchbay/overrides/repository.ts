import type { Insertable, Selectable } from 'kysely';
import type { Database } from '../../database/tables.ts';
import type { CommandOverridesTable, PatchSnapshotsTable } from './tables.ts';

export type CommandOverride = Selectable<CommandOverridesTable>;
export type PatchSnapshot = Selectable<PatchSnapshotsTable>;
export type SnapshotKey = Pick<PatchSnapshot, 'accountId' | 'region' | 'snapshotId' | 'patchGroup' | 'operatingSystem'>;

export async function insertCommandOverride(db: Database, row: Insertable<CommandOverridesTable>): Promise<void> {
  await db.insertInto('commandOverrides').values(row).execute();
}

export async function findCommandOverride(db: Database, commandId: string): Promise<CommandOverride | undefined> {
  return await db.selectFrom('commandOverrides').selectAll().where('commandId', '=', commandId).executeTakeFirst();
}

/** The snapshot of a key; whoever asks first makes it, and an old one gives way to a new one. */
export async function openSnapshot(
  db: Database,
  row: Insertable<PatchSnapshotsTable>,
  notBefore: Date,
): Promise<PatchSnapshot> {
  const { baseline, baselineRevision, createdAt, ...key } = row;
  await db
    .insertInto('patchSnapshots')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(['accountId', 'region', 'snapshotId', 'patchGroup', 'operatingSystem'])
        .doUpdateSet({ baseline, baselineRevision, createdAt })
        .where('patchSnapshots.createdAt', '<', notBefore),
    )
    .execute();
  return await db
    .selectFrom('patchSnapshots')
    .selectAll()
    .where((where) => where.and(key))
    .executeTakeFirstOrThrow();
}
