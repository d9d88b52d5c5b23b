import type { ChangelogReading } from '@patchbay/contracts';
import { archiveKey, type NodeFacts } from '@patchbay/facts';
import type { Insertable, Selectable } from 'kysely';
import type { Database } from '../../database/tables.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { FactsError } from './errors.ts';
import { raiseEvidenceRevision } from './evidence-revision.ts';
import type { ChangelogDatesTable } from './tables.ts';

export type ChangelogDate = Selectable<ChangelogDatesTable>;

/** What is known of the changelogs of some source packages. */
export async function listChangelogDates(
  db: Database,
  accountId: string,
  sources: readonly string[],
): Promise<ChangelogDate[]> {
  if (sources.length === 0) return [];
  return await db
    .selectFrom('changelogDates')
    .selectAll()
    .where('accountId', '=', accountId)
    .where('source', 'in', sources)
    .execute();
}

async function insertChangelogDates(db: Database, rows: readonly Insertable<ChangelogDatesTable>[]): Promise<boolean> {
  const rowsAtOnce = 2000;
  let changed = 0n;
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    const result = await db
      .insertInto('changelogDates')
      .values(rows.slice(start, start + rowsAtOnce))
      .onConflict((conflict) =>
        conflict
          .columns(['accountId', 'source', 'archiveKey', 'sourceVersion'])
          .doUpdateSet((row) => ({
            package: row.ref('excluded.package'),
            sha256: row.ref('excluded.sha256'),
            dateLine: row.ref('excluded.dateLine'),
            problem: row.ref('excluded.problem'),
            readBy: row.ref('excluded.readBy'),
            readAt: row.ref('excluded.readAt'),
          }))
          .where('changelogDates.dateLine', 'is', null),
      )
      .executeTakeFirst();
    changed += result.numInsertedOrUpdatedRows ?? 0n;
  }
  return changed > 0n;
}

/**
 * Keeps what a node read, for all nodes of the account. A reading must be about a version that the node's own facts
 * offer, and its package the very file that they name.
 */
export async function storeChangelogs(
  instanceId: string,
  readings: readonly ChangelogReading[],
  facts: NodeFacts,
  context: Pick<OperationContext, 'db' | 'accountId' | 'now'>,
): Promise<void> {
  const rows = new Map<string, Insertable<ChangelogDatesTable>>();
  for (const reading of readings) {
    const { source, sourceVersion, dateLine, problem } = reading;
    if ((reading.package === null) !== (dateLine === null) || (dateLine === null) !== (problem !== null)) {
      throw new FactsError(
        'CHANGELOG_INVALID',
        `The reading of ${source} ${sourceVersion} must have a package with a dateLine, or a problem.`,
      );
    }
    for (const key of findCarriers(reading, facts)) {
      const read = reading.package;
      rows.set(`${source} ${key} ${sourceVersion}`, {
        accountId: context.accountId,
        archiveKey: key,
        source,
        sourceVersion,
        package: read === null ? null : `${read.name}_${read.version}_${read.architecture}`,
        sha256: read?.sha256 ?? null,
        dateLine,
        problem,
        readBy: instanceId,
        readAt: context.now,
      });
    }
  }
  // One order for everybody, so that two nodes that write the same rows wait for each other instead of deadlocking.
  const ordered = [...rows].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, row]) => row);
  const isChanged = await insertChangelogDates(context.db, ordered);
  if (isChanged) await raiseEvidenceRevision(context.db, context.accountId);
}

/** The archives that the facts name for a source version, and for exactly the package that was read. */
function findCarriers({ source, sourceVersion, package: read }: ChangelogReading, { offers }: NodeFacts): Set<string> {
  const keys = new Set<string>();
  for (const { name, architecture, versions } of offers.offers) {
    if (read !== null && (read.name !== name || read.architecture !== architecture)) continue;
    for (const version of versions) {
      if (version.source !== source || version.sourceVersion !== sourceVersion) continue;
      if (read !== null && (read.version !== version.version || read.sha256 !== version.sha256)) continue;
      for (const position of version.archives) {
        const archive = offers.archives[position];
        if (archive !== undefined) keys.add(archiveKey(archive.address));
      }
    }
  }
  if (keys.size > 0) return keys;
  const what = read === null ? '' : ` in ${read.name}_${read.version}_${read.architecture} with this sum`;
  throw new FactsError('CHANGELOG_UNASKED', `The facts of the operation offer no ${source} ${sourceVersion}${what}.`);
}
