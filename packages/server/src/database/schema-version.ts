import { sql } from 'kysely';
import type { NamedMigration } from './migrate.ts';
import type { Database } from './tables.ts';

/** The names of the migrations that a database has had, oldest first; none where it is new. */
export async function listAppliedMigrations(db: Database): Promise<string[]> {
  const { rows: found } = await sql<{ present: boolean }>`
    select to_regclass('schema_migration') is not null as present`.execute(db);
  if (found[0]?.present !== true) return [];
  const { rows } = await sql<{ name: string }>`select name from schema_migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}

/** Migrations that a newer release made and this one does not know. */
export function unknownMigrations(applied: readonly string[], migrations: readonly NamedMigration[]): string[] {
  const known = new Set(migrations.map(({ name }) => name));
  return applied.filter((name) => !known.has(name));
}

/** The major version of the PostgreSQL that serves a database. */
export async function readPostgresMajor(db: Database): Promise<number> {
  const { rows } = await sql<{ major: number }>`
    select current_setting('server_version_num')::int / 10000 as major`.execute(db);
  return rows[0]?.major ?? 0;
}
