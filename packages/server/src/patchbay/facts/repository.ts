import type { InstalledSet, NodeFacts, NodePolicy, Offers, UnknownReason } from '@patchbay/facts';
import type { FirstSeenRecord } from '@patchbay/patching';
import type { Insertable } from 'kysely';
import type { Database } from '../../database/tables.ts';
import { isUuid } from '../../database/uuid.ts';
import type { Scope } from '../../operations/scope.ts';
import { raiseEvidenceRevision } from './evidence-revision.ts';
import type { ArchiveCoverageTable, ArchiveFirstSeenTable, ArchiveIndexesTable, NodeFactsTable } from './tables.ts';

type UnitTable = 'installedSets' | 'offers' | 'nodePolicies';

export interface UnitContents {
  readonly installedSets: InstalledSet;
  readonly offers: Offers;
  readonly nodePolicies: NodePolicy;
}

/** Keeps a unit of facts under its digest; the same content is kept once for an account, whoever reports it. */
export async function insertUnit<Table extends UnitTable>(
  db: Database,
  table: Table,
  unit: { readonly accountId: string; readonly digest: string; readonly content: UnitContents[Table] },
  now: Date,
): Promise<void> {
  const { accountId, digest, content } = unit;
  const name: UnitTable = table;
  await db
    .insertInto(name)
    .values({ accountId, digest, content: JSON.stringify(content), firstReceivedAt: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function readUnit<Table extends UnitTable>(
  db: Database,
  table: Table,
  accountId: string,
  digest: string,
): Promise<UnitContents[Table] | undefined> {
  const name: UnitTable = table;
  const row = await db
    .selectFrom(name)
    .select('content')
    .where('accountId', '=', accountId)
    .where('digest', '=', digest)
    .executeTakeFirst();
  return row?.content as UnitContents[Table] | undefined;
}

/** Adds facts to a node's history and makes them its newest. */
export async function insertNodeFacts(db: Database, facts: Insertable<NodeFactsTable>): Promise<void> {
  const { accountId, region, instanceId, factsId, receivedAt } = facts;
  await db.insertInto('nodeFacts').values(facts).execute();
  await db
    .insertInto('newestNodeFacts')
    .values({ accountId, region, instanceId, factsId, receivedAt })
    .onConflict((conflict) => conflict.column('instanceId').doUpdateSet({ factsId, receivedAt }))
    .execute();
}

/** Facts of a node as they are stored: the shared units still by their digests. */
export interface StoredFacts {
  readonly factsId: string;
  readonly receivedAt: Date;
  readonly operatingSystem: NodeFacts['operatingSystem'];
  readonly overlay: NodeFacts['overlay'];
  readonly doubts: readonly UnknownReason[];
  readonly installedDigest: string;
  readonly offersDigest: string;
  readonly policyDigest: string;
}

export async function findNodeFacts(
  db: Database,
  scope: Scope,
  instanceId: string,
  factsId: string,
): Promise<StoredFacts | undefined> {
  if (!isUuid(factsId)) return undefined;
  return await db
    .selectFrom('nodeFacts')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('instanceId', '=', instanceId)
    .where('factsId', '=', factsId)
    .executeTakeFirst();
}

export async function findNewestFactsId(db: Database, scope: Scope, instanceId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('newestNodeFacts')
    .select('factsId')
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('instanceId', '=', instanceId)
    .executeTakeFirst();
  return row?.factsId;
}

export async function insertArchiveIndexes(
  db: Database,
  indexes: readonly Insertable<ArchiveIndexesTable>[],
): Promise<void> {
  if (indexes.length === 0) return;
  await db
    .insertInto('archiveIndexes')
    .values(indexes)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export type FirstSeen = Omit<Insertable<ArchiveFirstSeenTable>, never>;

/** What was recorded about some source packages, in whichever archive. */
export async function listFirstSeen(db: Database, accountId: string, sources: readonly string[]): Promise<FirstSeen[]> {
  if (sources.length === 0) return [];
  return await db
    .selectFrom('archiveFirstSeen')
    .selectAll()
    .where('accountId', '=', accountId)
    .where('source', 'in', sources)
    .execute();
}

/** Everything recorded about one archive. */
export async function listFirstSeenOfArchive(
  db: Database,
  accountId: string,
  archiveKey: string,
): Promise<FirstSeenRecord[]> {
  const rows = await db
    .selectFrom('archiveFirstSeen')
    .selectAll()
    .where('accountId', '=', accountId)
    .where('archiveKey', '=', archiveKey)
    .execute();
  return rows.map((row) => ({ ...row, firstSeenAt: row.firstSeenAt.toISOString() }));
}

/** Adds records; what is there already keeps its date, whoever reports it again. */
export async function insertFirstSeen(
  db: Database,
  accountId: string,
  records: readonly Omit<FirstSeen, 'accountId'>[],
): Promise<void> {
  const rowsAtOnce = 2000;
  let inserted = 0n;
  for (let start = 0; start < records.length; start += rowsAtOnce) {
    const result = await db
      .insertInto('archiveFirstSeen')
      .values(records.slice(start, start + rowsAtOnce).map((record) => ({ accountId, ...record })))
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    inserted += result.numInsertedOrUpdatedRows ?? 0n;
  }
  if (inserted > 0n) await raiseEvidenceRevision(db, accountId);
}

export async function listCoverage(
  db: Database,
  accountId: string,
  archiveKeys: readonly string[],
): Promise<{ archiveKey: string; source: string; lastObservedAt: Date }[]> {
  if (archiveKeys.length === 0) return [];
  return await db
    .selectFrom('archiveCoverage')
    .select(['archiveKey', 'source', 'lastObservedAt'])
    .where('accountId', '=', accountId)
    .where('archiveKey', 'in', archiveKeys)
    .execute();
}

/** Moves coverage forward, never back. */
export async function upsertCoverage(db: Database, rows: readonly Insertable<ArchiveCoverageTable>[]): Promise<void> {
  const rowsAtOnce = 2000;
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    await db
      .insertInto('archiveCoverage')
      .values(rows.slice(start, start + rowsAtOnce))
      .onConflict((conflict) =>
        conflict
          .columns(['accountId', 'archiveKey', 'source'])
          .doUpdateSet((row) => ({ lastObservedAt: row.ref('excluded.lastObservedAt') }))
          .whereRef('archiveCoverage.lastObservedAt', '<', 'excluded.lastObservedAt'),
      )
      .execute();
  }
}

/** One page of the records of a source package, in a fixed order. */
export async function pageFirstSeen(
  db: Database,
  accountId: string,
  source: string,
  after: { readonly archiveKey: string; readonly sourceVersion: string } | undefined,
  limit: number,
): Promise<FirstSeen[]> {
  let select = db
    .selectFrom('archiveFirstSeen')
    .selectAll()
    .where('accountId', '=', accountId)
    .where('source', '=', source);
  if (after) {
    select = select.where((where) =>
      where.or([
        where('archiveKey', '>', after.archiveKey),
        where.and([where('archiveKey', '=', after.archiveKey), where('sourceVersion', '>', after.sourceVersion)]),
      ]),
    );
  }
  return await select.orderBy('archiveKey').orderBy('sourceVersion').limit(limit).execute();
}
