import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestProject } from 'vitest/node';
import { openDataDirectory } from '../../data-directory/index.ts';
import { startJobs } from '../../jobs/index.ts';
import { type ConnectionTarget, withDatabase } from '../connection.ts';
import { startEmbeddedPostgres } from '../embedded-postgres/index.ts';
import { migrateToLatest } from '../migrate.ts';
import { migrations } from '../migrations/index.ts';
import { createDatabase, createPool } from '../pool.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server that this run of tests shares, in its administrative database. */
    readonly testPostgres: ConnectionTarget;
  }
}

export const TEMPLATE_DATABASE = 'patchbay_template';

/** For `globalSetup` of vitest: one PostgreSQL per run, with a migrated template that each test file copies. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'patchbay-test-'));
  const dataDirectory = await openDataDirectory(join(folder, 'data'));
  const postgres = await startEmbeddedPostgres({ dataDirectory, isDurable: false });
  await prepareTemplate(postgres.connection);
  project.provide('testPostgres', postgres.connection);
  return async () => {
    await postgres.stop();
    await dataDirectory.close();
    await rm(folder, { recursive: true, force: true });
  };
}

async function prepareTemplate(server: ConnectionTarget): Promise<void> {
  const administration = createPool(server, { maximumConnections: 1 });
  await administration.query(`create database ${TEMPLATE_DATABASE}`);
  const template = withDatabase(server, TEMPLATE_DATABASE);
  const database = createDatabase(createPool(template));
  await migrateToLatest(database, migrations);
  await database.destroy();
  const jobs = await startJobs({
    connection: template,
    handlers: [],
    onError: (error) => {
      throw error;
    },
  });
  await jobs.stop(5);
  // A template must have no connection: those of the pools end a moment after they are closed. Ending them for them
  // would reach clients that nobody listens to any more, whose error would end the run.
  const count = `select count(*)::int as left from pg_stat_activity where datname = '${TEMPLATE_DATABASE}'`;
  for (let looks = 0; looks < 200; looks += 1) {
    const { rows } = await administration.query<{ left: number }>(count);
    if (rows[0]?.left === 0) break;
    await sleep(50);
  }
  await administration.query(`alter database ${TEMPLATE_DATABASE} with allow_connections false`);
  await administration.end();
}
