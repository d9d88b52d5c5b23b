import { type Kysely, sql } from 'kysely';
import type { Database } from './tables.ts';

const MONTHS_AHEAD = 3;

export interface MonthlyPartitioning {
  /** In snake_case. */
  readonly table: string;
  /** The timestamptz column that decides the month; it must be part of every primary key. */
  readonly column: string;
  /** The column and constraint definitions in SQL: the inside of CREATE TABLE's brackets. Never from input. */
  readonly definition: string;
}

/**
 * For migrations: creates a table with one partition per month (PostgreSQL manual, 5.12), its DEFAULT partition as a
 * net for rows of months without one, and registers it for `ensurePartitions`.
 */
export async function createMonthlyPartitionedTable(
  database: Kysely<never>,
  partitioning: MonthlyPartitioning,
): Promise<void> {
  const { table, column, definition } = partitioning;
  await sql`create table ${sql.table(table)} (${sql.raw(definition)}) partition by range (${sql.ref(column)})`.execute(
    database,
  );
  await sql`create table ${sql.table(`${table}_default`)} partition of ${sql.table(table)} default`.execute(database);
  await sql`insert into monthly_partitioned_table (table_name, partition_column) values (${table}, ${column})`.execute(
    database,
  );
}

/**
 * Creates the partitions of this month (UTC) and the next three for every registered table; answers the names of the
 * new ones. Rows that the DEFAULT partition caught for such a month move into it. Safe to run in several replicas.
 */
export async function ensurePartitions(database: Database, now: Date): Promise<readonly string[]> {
  return database.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtext('patchbay:partitions'))`.execute(transaction);
    const tables = await transaction.selectFrom('monthlyPartitionedTable').selectAll().orderBy('tableName').execute();
    const created: string[] = [];
    for (const { tableName, partitionColumn } of tables) {
      for (let offset = 0; offset <= MONTHS_AHEAD; offset += 1) {
        const month = monthAt(now, offset);
        const partition = `${tableName}_${month.slice(0, 7).replace('-', '_')}`;
        const found = await sql<{ present: boolean }>`select to_regclass(${partition}) is not null as present`.execute(
          transaction,
        );
        if (found.rows[0]?.present === true) continue;
        await createPartition(transaction, {
          table: tableName,
          column: partitionColumn,
          partition,
          from: month,
          until: monthAt(now, offset + 1),
        });
        created.push(partition);
      }
    }
    return created;
  });
}

interface NewPartition {
  readonly table: string;
  readonly column: string;
  readonly partition: string;
  readonly from: string;
  readonly until: string;
}

// PostgreSQL refuses a partition whose rows lie in DEFAULT, so they are taken out first and come back through the table.
async function createPartition(database: Database, wanted: NewPartition): Promise<void> {
  const fallback = sql.table(`${wanted.table}_default`);
  const column = sql.ref(wanted.column);
  const table = sql.table(wanted.table);
  const [from, until] = [sql.lit(wanted.from), sql.lit(wanted.until)];
  await sql`create temporary table caught on commit drop as
    select * from ${fallback} where ${column} >= ${from} and ${column} < ${until}`.execute(database);
  await sql`delete from ${fallback} where ${column} >= ${from} and ${column} < ${until}`.execute(database);
  await sql`create table ${sql.table(wanted.partition)} partition of ${table}
    for values from (${from}) to (${until})`.execute(database);
  await sql`insert into ${table} select * from caught`.execute(database);
  await sql`drop table caught`.execute(database);
}

/** First instant of the month that lies `offset` months after that of an instant. */
function monthAt(instant: Date, offset: number): string {
  return new Date(Date.UTC(instant.getUTCFullYear(), instant.getUTCMonth() + offset, 1)).toISOString();
}
