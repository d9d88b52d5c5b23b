import type { IndexStanza } from '@patchbay/package-managers';
import { type Insertable, type Selectable, sql, type Updateable } from 'kysely';
import type { Database } from '../../database/tables.ts';
import { isUuid } from '../../database/uuid.ts';
import { splitVersion } from './split-version.ts';
import type { ArchiveWatchesTable, AvailablePackagesTable } from './tables.ts';

export type StoredWatch = Selectable<ArchiveWatchesTable>;

export async function insertWatch(db: Database, watch: Insertable<ArchiveWatchesTable>): Promise<boolean> {
  const inserted = await db
    .insertInto('archiveWatches')
    .values(watch)
    .onConflict((conflict) => conflict.doNothing())
    .returning('watchId')
    .executeTakeFirst();
  return inserted !== undefined;
}

export async function countWatches(db: Database, accountId: string): Promise<number> {
  const row = await db
    .selectFrom('archiveWatches')
    .select((select) => select.fn.countAll<string>().as('count'))
    .where('accountId', '=', accountId)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function findWatch(db: Database, accountId: string, watchId: string): Promise<StoredWatch | undefined> {
  if (!isUuid(watchId)) return undefined;
  return await db
    .selectFrom('archiveWatches')
    .selectAll()
    .where('accountId', '=', accountId)
    .where('watchId', '=', watchId)
    .executeTakeFirst();
}

export async function pageWatches(
  db: Database,
  accountId: string,
  after: string,
  limit: number,
): Promise<StoredWatch[]> {
  let select = db.selectFrom('archiveWatches').selectAll().where('accountId', '=', accountId);
  if (isUuid(after)) select = select.where('watchId', '>', after);
  return await select.orderBy('watchId').limit(limit).execute();
}

/** Every watch of an account; there are few. */
export async function listWatches(db: Database, accountId: string): Promise<StoredWatch[]> {
  return await db.selectFrom('archiveWatches').selectAll().where('accountId', '=', accountId).execute();
}

/** The same, locked so that no look stores anything until the transaction ends. */
export async function listWatchesInUse(db: Database, accountId: string): Promise<StoredWatch[]> {
  return await db
    .selectFrom('archiveWatches')
    .selectAll()
    .where('accountId', '=', accountId)
    .orderBy('watchId')
    .forShare()
    .execute();
}

/** Whose last look lies before an instant, the longest waiting first. */
export async function listDueWatches(
  db: Database,
  before: Date,
  limit: number,
): Promise<{ accountId: string; watchId: string }[]> {
  return await db
    .selectFrom('archiveWatches')
    .select(['accountId', 'watchId'])
    .where((where) => where.or([where('lastAttemptAt', 'is', null), where('lastAttemptAt', '<', before)]))
    .orderBy('lastAttemptAt', (order) => order.asc().nullsFirst())
    .limit(limit)
    .execute();
}

export async function updateWatch(
  db: Database,
  watchId: string,
  change: Updateable<ArchiveWatchesTable>,
): Promise<void> {
  await db.updateTable('archiveWatches').set(change).where('watchId', '=', watchId).execute();
}

/** Lets nobody else store what a look at this archive found until the transaction ends. */
export async function lockWatch(db: Database, watchId: string): Promise<boolean> {
  const row = await db
    .selectFrom('archiveWatches')
    .select('watchId')
    .where('watchId', '=', watchId)
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

/** Takes what the archive offers away with it. */
export async function deleteWatch(db: Database, accountId: string, watchId: string): Promise<boolean> {
  if (!isUuid(watchId)) return false;
  const deleted = await db
    .deleteFrom('archiveWatches')
    .where('accountId', '=', accountId)
    .where('watchId', '=', watchId)
    .executeTakeFirst();
  return deleted.numDeletedRows > 0n;
}

const rowsAtOnce = 1000;
const comparedColumns = ['sha256', 'section', 'priority', 'filename', 'phasedUpdatePercentage'] as const;

/** Makes the stored content of one archive that of its index: only what differs is written. */
export async function replaceAvailablePackages(
  db: Database,
  archive: { readonly accountId: string; readonly archiveKey: string; readonly watchId: string },
  stanzas: readonly IndexStanza[],
): Promise<void> {
  const stored = await db
    .selectFrom('availablePackages')
    .select(['name', 'architecture', 'version', ...comparedColumns])
    .where('accountId', '=', archive.accountId)
    .where('archiveKey', '=', archive.archiveKey)
    .execute();
  const known = new Map(stored.map((row) => [identityOf(row), stateOf(row)]));
  const wanted = new Map<string, IndexStanza>();
  // apt takes the first of two equal versions in one index.
  for (const stanza of stanzas) if (!wanted.has(identityOf(stanza))) wanted.set(identityOf(stanza), stanza);
  const gone = stored.filter((row) => {
    const stanza = wanted.get(identityOf(row));
    return stanza === undefined || stateOf(stanza) !== stateOf(row);
  });
  for (let start = 0; start < gone.length; start += rowsAtOnce) {
    const batch = gone.slice(start, start + rowsAtOnce);
    await sql`
      delete from available_packages using unnest(
        ${batch.map(({ name }) => name)}::text[],
        ${batch.map(({ architecture }) => architecture)}::text[],
        ${batch.map(({ version }) => version)}::text[]
      ) as gone (name, architecture, version)
      where account_id = ${archive.accountId} and archive_key = ${archive.archiveKey}
        and available_packages.name = gone.name and available_packages.architecture = gone.architecture
        and available_packages.version = gone.version`.execute(db);
  }
  const added = [...wanted].filter(([identity, stanza]) => known.get(identity) !== stateOf(stanza));
  for (let start = 0; start < added.length; start += rowsAtOnce) {
    const rows = added.slice(start, start + rowsAtOnce).map(([, stanza]) => ({ ...archive, ...rowOf(stanza) }));
    await db.insertInto('availablePackages').values(rows).execute();
  }
}

function identityOf(row: { readonly name: string; readonly architecture: string; readonly version: string }): string {
  return `${row.name} ${row.architecture} ${row.version}`;
}

function stateOf(row: Pick<AvailablePackagesTable, (typeof comparedColumns)[number]>): string {
  return `${row.sha256} ${row.section} ${row.priority} ${row.filename} ${row.phasedUpdatePercentage ?? ''}`;
}

function rowOf(stanza: IndexStanza): Omit<Insertable<AvailablePackagesTable>, 'accountId' | 'archiveKey' | 'watchId'> {
  const { name, architecture, version, source, sourceVersion, section, priority, filename, sizeBytes, sha256 } = stanza;
  const { phasedUpdatePercentage } = stanza;
  return {
    name,
    architecture,
    version,
    ...splitVersion(version),
    source,
    sourceVersion,
    section,
    priority,
    filename,
    sizeBytes,
    sha256,
    phasedUpdatePercentage,
  };
}

export async function countAvailablePackages(db: Database, watchId: string): Promise<number> {
  const row = await db
    .selectFrom('availablePackages')
    .select((select) => select.fn.countAll<string>().as('count'))
    .where('watchId', '=', watchId)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}
