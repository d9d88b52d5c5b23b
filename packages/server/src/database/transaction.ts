import { setTimeout as sleep } from 'node:timers/promises';
import { type IsolationLevel, sql } from 'kysely';
import { DatabaseError } from 'pg';
import { ConnectionError, TransactionError } from './database-error.ts';
import type { Database, DatabaseTransaction } from './tables.ts';

export interface TransactionOptions {
  /** PostgreSQL's default, `read committed`, unless given. */
  readonly isolationLevel?: IsolationLevel;
}

/** serialization_failure and deadlock_detected (PostgreSQL manual, appendix A): certainly rolled back. */
const CONFLICTS = new Set(['40001', '40P01']);
/** Classes 57 and 08: the server stops, crashed, starts, or the connection is gone. */
const CONNECTION_STATES = new Set(['57P01', '57P02', '57P03', '08000', '08001', '08003', '08004', '08006']);

/** Together longer than a restart of the embedded PostgreSQL with crash recovery of a small log. */
const RETRY_DELAYS_MILLISECONDS = [10, 50, 200, 500, 1000, 2000];

/**
 * Runs work in one transaction and again, from its beginning, when it lost a conflict or its connection before
 * COMMIT; so the work has no effect outside of the transaction. A connection that breaks during COMMIT is
 * `OUTCOME_UNKNOWN` and is not tried again.
 */
export async function runInTransaction<Result>(
  database: Database,
  work: (transaction: DatabaseTransaction) => Promise<Result>,
  options: TransactionOptions = {},
): Promise<Result> {
  return await runUntilConnected(() => runOnce(database, work, options));
}

/** Runs what only reads, or has no effect until it succeeds, again when it lost its connection or a conflict. */
export async function runUntilConnected<Result>(work: () => Promise<Result>): Promise<Result> {
  for (const delayMilliseconds of RETRY_DELAYS_MILLISECONDS) {
    try {
      return await work();
    } catch (error) {
      if (!isWorthRetrying(error)) throw error;
      await sleep(delayMilliseconds * (0.5 + Math.random()));
    }
  }
  return await work();
}

/** Runs a part of a transaction that leaves nothing behind when it fails, while the rest goes on. */
export async function runInSavepoint<Result>(transaction: Database, work: () => Promise<Result>): Promise<Result> {
  await sql`savepoint part`.execute(transaction);
  try {
    const result = await work();
    await sql`release savepoint part`.execute(transaction);
    return result;
  } catch (error) {
    await sql`rollback to savepoint part`.execute(transaction);
    throw error;
  }
}

async function runOnce<Result>(
  database: Database,
  work: (transaction: DatabaseTransaction) => Promise<Result>,
  options: TransactionOptions,
): Promise<Result> {
  let hasReachedCommit = false;
  let workFailure: { readonly error: unknown } | null = null;
  const builder = database.transaction();
  const configured = options.isolationLevel === undefined ? builder : builder.setIsolationLevel(options.isolationLevel);
  try {
    return await configured.execute(async (transaction) => {
      try {
        const result = await work(transaction);
        hasReachedCommit = true;
        return result;
      } catch (error) {
        workFailure = { error };
        throw error;
      }
    });
  } catch (error) {
    // The work's own error, not the ROLLBACK that failed on the broken connection after it.
    const failure = workFailure as { readonly error: unknown } | null;
    if (failure !== null) throw failure.error;
    if (hasReachedCommit && isConnectionFailure(error)) {
      throw new TransactionError('OUTCOME_UNKNOWN', 'The connection broke while a transaction was being committed', {
        cause: error,
      });
    }
    throw error;
  }
}

function isWorthRetrying(error: unknown): boolean {
  return isConnectionFailure(error) || (error instanceof DatabaseError && CONFLICTS.has(error.code ?? ''));
}

function isConnectionFailure(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  return error instanceof DatabaseError && CONNECTION_STATES.has(error.code ?? '');
}
