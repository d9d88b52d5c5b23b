import { setTimeout as sleep } from 'node:timers/promises';
import { migrations } from '../database/migrations/index.ts';
import { listAppliedMigrations, unknownMigrations } from '../database/schema-version.ts';
import type { Database } from '../database/tables.ts';

/** Why a server should get no requests now. */
export interface NotReady {
  readonly check: 'database' | 'migrations' | 'jobs' | 'stopping';
  readonly reason: string;
}

export interface ReadinessParts {
  readonly db: Database;
  readonly areJobsRunning: () => boolean;
  readonly stopping: AbortSignal;
}

const patienceMilliseconds = 2_000;

/** Looks whether this server can serve. Several who ask at once get one look. */
export function createReadiness(parts: ReadinessParts): () => Promise<readonly NotReady[]> {
  let looking: Promise<readonly NotReady[]> | null = null;
  return async () => {
    looking ??= look(parts).finally(() => {
      looking = null;
    });
    return await looking;
  };
}

async function look({ db, areJobsRunning, stopping }: ReadinessParts): Promise<readonly NotReady[]> {
  const reasons: NotReady[] = [];
  if (stopping.aborted) reasons.push({ check: 'stopping', reason: 'The server is being stopped.' });
  if (!areJobsRunning()) reasons.push({ check: 'jobs', reason: 'Jobs are not being worked on.' });
  const applied = await readWithin(listAppliedMigrations(db));
  if (applied === null) {
    reasons.push({ check: 'database', reason: 'PostgreSQL does not answer.' });
    return reasons;
  }
  const newer = unknownMigrations(applied, migrations);
  const missing = migrations.filter(({ name }) => !applied.includes(name)).map(({ name }) => name);
  if (newer.length > 0) {
    reasons.push({
      check: 'migrations',
      reason: `A newer release has changed the database (${newer.join(', ')}): start that release here.`,
    });
  }
  if (missing.length > 0) {
    reasons.push({ check: 'migrations', reason: `The database lacks ${missing.join(', ')}.` });
  }
  return reasons;
}

/** Null when it fails or takes too long; what is late is ignored. */
async function readWithin<Result>(query: Promise<Result>): Promise<Result | null> {
  const enough = new AbortController();
  const deadline = sleep(patienceMilliseconds, null, { signal: enough.signal, ref: false }).catch(() => null);
  try {
    return await Promise.race([query.catch(() => null), deadline]);
  } finally {
    enough.abort();
  }
}
