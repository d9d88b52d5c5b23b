import { type RawBuilder, sql } from 'kysely';
import type { Database } from './tables.ts';

/** Rows of a table that nobody needs any more. */
export interface ExpiredRows {
  /** In snake_case. */
  readonly table: string;
  /** The timestamptz column that says how old a row is; the partitioning one where there is one. */
  readonly column: string;
  /** Which of the old rows may go; all where absent. */
  readonly where?: RawBuilder<boolean>;
}

const rowsAtOnce = 5000;

/**
 * Removes rows older than an instant: whole months by dropping their partition where nothing in it has to stay, the rest
 * in small transactions, so that nobody waits for long. Answers how many rows were deleted singly.
 */
export async function removeExpiredRows(
  database: Database,
  expired: ExpiredRows,
  before: Date,
  signal?: AbortSignal,
): Promise<number> {
  await dropExpiredPartitions(database, expired, before);
  const { table, column, where = sql<boolean>`true` } = expired;
  let deleted = 0;
  for (;;) {
    if (signal?.aborted === true) return deleted;
    const { numAffectedRows = 0n } = await sql`
      delete from ${sql.table(table)} where ${sql.ref(column)} < ${before} and (tableoid, ctid) in (
        select tableoid, ctid from ${sql.table(table)} where ${sql.ref(column)} < ${before} and ${where} limit ${rowsAtOnce}
      )`.execute(database);
    deleted += Number(numAffectedRows);
    if (Number(numAffectedRows) < rowsAtOnce) return deleted;
  }
}

/** Partitions are named after their month (`ensurePartitions`). */
async function dropExpiredPartitions(database: Database, expired: ExpiredRows, before: Date): Promise<void> {
  const { table, where } = expired;
  const month = before.toISOString().slice(0, 7).replace('-', '_');
  const found = await sql<{ name: string }>`
    select child.relname as name from pg_inherits
      join pg_class child on child.oid = inhrelid join pg_class parent on parent.oid = inhparent
      join pg_namespace space on space.oid = parent.relnamespace and space.nspname = current_schema()
      where parent.relname = ${table} order by child.relname`.execute(database);
  for (const { name } of found.rows) {
    const suffix = name.slice(table.length + 1);
    if (!/^\d{4}_\d{2}$/.test(suffix) || suffix >= month) continue;
    await database.transaction().execute(async (transaction) => {
      // The lock of `ensurePartitions`; and whoever reads for long is not waited for: tomorrow is another day.
      await sql`select pg_advisory_xact_lock(hashtext('patchbay:partitions'))`.execute(transaction);
      await sql`set local lock_timeout = '5s'`.execute(transaction);
      if (where !== undefined && (await hasRowsToKeep(transaction, name, table, where))) return;
      await sql`drop table if exists ${sql.table(name)}`.execute(transaction);
    });
  }
}

async function hasRowsToKeep(
  database: Database,
  partition: string,
  table: string,
  where: RawBuilder<boolean>,
): Promise<boolean> {
  const kept = await sql<{ found: boolean }>`
    select exists (select 1 from ${sql.table(partition)} as ${sql.ref(table)} where not (${where})) as found`.execute(
    database,
  );
  return kept.rows[0]?.found === true;
}
