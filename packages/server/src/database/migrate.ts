import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { MigrationError } from './database-error.ts';
import { listAppliedMigrations, unknownMigrations } from './schema-version.ts';
import type { Database } from './tables.ts';

/** One step of the schema. There is no way back: a backup is. */
export interface NamedMigration {
  /** `0002-nodes`: four digits, so that the order of names is the order of steps. */
  readonly name: string;
  readonly up: (database: Kysely<never>) => Promise<void>;
}

/**
 * Brings the schema to the end of the list, all in one transaction, under the lock of Kysely's migrator (an advisory
 * lock), so that replicas may start together. Answers the names of the steps taken.
 */
export async function migrateToLatest(
  database: Database,
  migrations: readonly NamedMigration[],
): Promise<readonly string[]> {
  const newer = unknownMigrations(await listAppliedMigrations(database), migrations);
  if (newer.length > 0) {
    throw new MigrationError(
      'DATABASE_NEWER',
      `A newer release of Patchbay has changed this database (${newer.join(', ')}), and there is no way back. Start that release, or restore a backup that this one made.`,
    );
  }
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: async () => Object.fromEntries(migrations.map(({ name, up }) => [name, { up }])) },
    migrationTableName: 'schema_migration',
    migrationLockTableName: 'schema_migration_lock',
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const failed = results?.find((result) => result.status === 'Error');
    const place = failed === undefined ? '' : ` at ${failed.migrationName}`;
    throw new MigrationError(
      'MIGRATION_FAILED',
      `The database schema cannot be brought up to date${place}: ${error instanceof Error ? error.message : 'unknown reason'}`,
      { cause: error },
    );
  }
  return (results ?? []).map((result) => result.migrationName);
}
