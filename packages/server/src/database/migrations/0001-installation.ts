import { type Kysely, sql } from 'kysely';

export async function up(database: Kysely<never>): Promise<void> {
  await database.schema
    .createTable('installation')
    .addColumn('id', 'smallint', (column) => column.primaryKey().defaultTo(1).check(sql`id = 1`))
    .addColumn('account_id', 'text', (column) => column.notNull().check(sql`account_id ~ '^[0-9]{12}$'`))
    .addColumn('created_at', 'timestamptz', (column) => column.notNull())
    .addColumn('signing_seed_sealed', 'text', (column) => column.notNull())
    .addColumn('key_check', 'text', (column) => column.notNull())
    .execute();
  await database.schema
    .createTable('monthly_partitioned_table')
    .addColumn('table_name', 'text', (column) => column.primaryKey())
    .addColumn('partition_column', 'text', (column) => column.notNull())
    .execute();
}
