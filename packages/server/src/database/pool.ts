import { CamelCasePlugin, Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import { DatabaseError, Pool, type PoolClient, TypeOverrides, types } from 'pg';
import { type ConnectionTarget, clientConfig } from './connection.ts';
import { ConnectionError } from './database-error.ts';
import type { Database, Tables } from './tables.ts';

export interface PoolOptions {
  readonly maximumConnections?: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string;
  /** Told about connections that break while nobody uses them; the pool replaces them by itself. */
  readonly onIdleError?: (error: Error) => void;
}

const CONNECT_TIMEOUT_MILLISECONDS = 10_000;

/** Opens a pool: bigint comes as a number (an error when it is not a safe one), `date` as its text, timestamptz as Date. */
export function createPool(target: ConnectionTarget, options: PoolOptions = {}): Pool {
  const pool = new Pool({
    ...clientConfig(target),
    max: options.maximumConnections ?? 10,
    application_name: options.applicationName ?? 'patchbay',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MILLISECONDS,
    types: createTypeParsers(),
  });
  // Without a listener on pool AND client a broken connection would end the process.
  pool.on('error', (error) => options.onIdleError?.(error));
  return pool;
}

/** Kysely over a pool; `destroy()` ends the pool too. Identifiers are camelCase here and snake_case in SQL; JSON is left alone. */
export function createDatabase(pool: Pool): Database {
  return new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: withTypedConnectionErrors(pool) }),
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });
}

/** `pg` has no code for a broken connection; here it becomes a `ConnectionError`, so that no one reads messages. */
function withTypedConnectionErrors(pool: Pool): PostgresPool {
  const wrapped = new WeakMap<PoolClient, PostgresPoolClient>();
  return {
    options: pool.options,
    end: () => pool.end(),
    connect: async () => {
      const client = await connectOrExplain(pool);
      const known = wrapped.get(client);
      if (known !== undefined) return known;
      const fresh = wrapClient(client);
      wrapped.set(client, fresh);
      return fresh;
    },
  };
}

async function connectOrExplain(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    throw new ConnectionError('CONNECTION_FAILED', 'PostgreSQL cannot be reached', { cause: error });
  }
}

function wrapClient(client: PoolClient): PostgresPoolClient {
  let isBroken = false;
  const markBroken = () => {
    isBroken = true;
  };
  client.on('error', markBroken);
  client.on('end', markBroken);
  const query = async (sql: string, parameters: readonly unknown[]) => {
    try {
      return await client.query({ name: nameStatement(sql), text: sql, values: [...parameters] });
    } catch (error) {
      if (isPlanOutdated(error)) {
        isBroken = true;
        throw new ConnectionError('CONNECTION_LOST', 'A statement was prepared before the tables changed', {
          cause: error,
        });
      }
      if (!isBroken || error instanceof DatabaseError) throw error;
      throw new ConnectionError('CONNECTION_LOST', 'The connection to PostgreSQL broke', { cause: error });
    }
  };
  return {
    // No cursor class is configured, so Kysely never asks for the other overload.
    query: query as unknown as PostgresPoolClient['query'],
    release: (isDestroyed) => client.release(isDestroyed === true || isBroken),
  };
}

/** Enough for every statement that we write; lists of varying length must not fill PostgreSQL's memory. */
const mostNamedStatements = 500;
const statementNames = new Map<string, string>();

/** A named statement is parsed once per connection (PostgreSQL manual, 54.2.3). Undefined: send it unnamed. */
function nameStatement(sql: string): string | undefined {
  const known = statementNames.get(sql);
  if (known !== undefined || statementNames.size >= mostNamedStatements) return known;
  const name = `s${statementNames.size}`;
  statementNames.set(sql, name);
  return name;
}

/** `feature_not_supported` is what "cached plan must not change result type" comes with, after a migration. */
function isPlanOutdated(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '0A000' && error.routine === 'RevalidateCachedQuery';
}

function createTypeParsers(): TypeOverrides {
  const parsers = new TypeOverrides();
  parsers.setTypeParser(types.builtins.INT8, parseSafeInteger);
  parsers.setTypeParser(types.builtins.DATE, (text) => text);
  return parsers;
}

function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`The bigint ${text} does not fit a number`);
  return value;
}
