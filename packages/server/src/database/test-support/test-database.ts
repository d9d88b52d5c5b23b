import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import { type ConnectionTarget, withDatabase } from '../connection.ts';
import { createDatabase, createPool } from '../pool.ts';
import type { Database } from '../tables.ts';
import { TEMPLATE_DATABASE } from './global-setup.ts';

/** A database of one test file's own, with the whole schema and no rows. */
export interface TestDatabase {
  readonly connection: ConnectionTarget;
  readonly pool: Pool;
  readonly database: Database;
}

/**
 * Gives the test file a fresh database on the run's real PostgreSQL. Call it at the top of the file or of a `describe`;
 * the answered function gives the database inside of tests and hooks.
 */
export function withTestDatabase(): () => TestDatabase {
  let current: TestDatabase | null = null;
  const name = `test_${randomBytes(6).toString('hex')}`;
  beforeAll(async () => {
    const server = inject('testPostgres');
    await administer(server, `create database ${name} template ${TEMPLATE_DATABASE}`);
    const connection = withDatabase(server, name);
    const pool = createPool(connection, { applicationName: 'test' });
    current = { connection, pool, database: createDatabase(pool) };
  });
  afterAll(async () => {
    await current?.database.destroy();
    await administer(inject('testPostgres'), `drop database if exists ${name} with (force)`);
  });
  return () => {
    if (current === null) throw new Error('The test database exists inside of tests and hooks only');
    return current;
  };
}

async function administer(server: ConnectionTarget, statement: string): Promise<void> {
  const pool = createPool(server, { maximumConnections: 1 });
  try {
    await pool.query(statement);
  } finally {
    await pool.end();
  }
}
