import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DataDirectoryLayout, readVersionRecord } from '../../data-directory/index.ts';
import type { ConnectionTarget } from '../connection.ts';
import { EmbeddedPostgresError } from '../database-error.ts';
import { openBoundedLog } from './bounded-log.ts';
import { removeStaleSocket, takeOverCluster } from './orphan-takeover.ts';
import { findPostgresBinaries, linkLibraries } from './postgres-binaries.ts';
import {
  ACCESS_FILES,
  DATABASE_ROLE,
  draftOf,
  hasCluster,
  initializeCluster,
  prepareDraft,
  prepareSharedFolder,
  writeAccessRules,
} from './postgres-cluster.ts';
import { type PostgresProcess, startPostgresProcess } from './postgres-process.ts';
import { choosePostgresRunner } from './postgres-runner.ts';

export type EmbeddedPostgresEvent =
  | { readonly kind: 'initialized' }
  | { readonly kind: 'took-over-orphan' }
  | { readonly kind: 'died'; readonly exit: string }
  | { readonly kind: 'restarted' }
  /** It died too often: nothing is tried any more, and the server should stop. */
  | { readonly kind: 'gave-up'; readonly error: EmbeddedPostgresError };

export interface EmbeddedPostgresOptions {
  /** An open data directory: its lock is what keeps a second server away. */
  readonly dataDirectory: DataDirectoryLayout;
  readonly onEvent?: (event: EmbeddedPostgresEvent) => void;
  /** False gives up crash safety for speed: for tests only. */
  readonly isDurable?: boolean;
}

/** A PostgreSQL of our own, running until `stop`. */
export interface EmbeddedPostgres {
  /** As its only role, in the database `postgres`. */
  readonly connection: ConnectionTarget;
  /** Of the postmaster that runs now; null between a death and the restart. */
  processId(): number | null;
  /** Ends all connections and shuts down; returns when the process is gone. */
  stop(): Promise<void>;
}

const LOG_LIMIT_BYTES = 4 * 1024 * 1024;
const LOG_CHECK_MILLISECONDS = 60_000;
const RESTART_DELAYS_MILLISECONDS = [100, 500, 2000, 5000, 10_000];
/** A server that ran this long is healthy again: its next death counts as the first. */
const HEALTHY_SECONDS = 600;

const SETTINGS = [
  'listen_addresses=',
  'unix_socket_permissions=0700',
  'timezone=UTC',
  'log_timezone=UTC',
  'log_checkpoints=off',
  'log_connections=',
  'jit=off',
];
const UNSAFE_SETTINGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/** How the embedded PostgreSQL of a data directory is reached while it runs, whoever started it. */
export function embeddedConnection({ run }: DataDirectoryLayout): ConnectionTarget {
  return { kind: 'socket', directory: run, user: DATABASE_ROLE, database: 'postgres' };
}

/** Whether a data directory has ever had an embedded PostgreSQL, of whatever major version. */
export async function hasEmbeddedPostgres({ postgres }: DataDirectoryLayout): Promise<boolean> {
  return (await readdir(postgres)).some((name) => /^\d+$/.test(name));
}

/**
 * Starts the PostgreSQL that npm brought along, on the data directory, reachable through a Unix socket by this user and
 * root only. It stops when this process does, also by SIGKILL. A death is told and answered with restarts.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDirectory, onEvent = () => undefined, isDurable = true } = options;
  const binaries = await findPostgresBinaries();
  const cluster = join(dataDirectory.postgres, binaries.majorVersion);
  const isNew = !(await hasCluster(binaries, cluster, await readVersionRecord(dataDirectory)));
  const shared = join(dataDirectory.postgres, 'shared');
  const places = { native: binaries.native, data: cluster, shared, run: dataDirectory.run };
  const runner = await choosePostgresRunner(places);
  await prepareSharedFolder(shared);
  await linkLibraries(binaries, join(shared, 'libraries'), runner.native);
  await writeAccessRules(shared, runner.userName);
  await runner.handOver(dataDirectory.run);
  if (isNew) {
    const draftRunner = await choosePostgresRunner({ ...places, data: draftOf(cluster) });
    await prepareDraft(cluster, runner);
    await initializeCluster(cluster, draftRunner, isDurable);
    onEvent({ kind: 'initialized' });
  }
  if ((await takeOverCluster(cluster)) === 'stopped-orphan') onEvent({ kind: 'took-over-orphan' });
  await removeStaleSocket(dataDirectory.run);

  const log = openBoundedLog(join(dataDirectory.log, 'postgres.log'), LOG_LIMIT_BYTES);
  const logTimer = setInterval(() => log.enforceLimit(), LOG_CHECK_MILLISECONDS).unref();
  const connection = embeddedConnection(dataDirectory);
  const settings = [
    ...SETTINGS,
    ...(isDurable ? [] : UNSAFE_SETTINGS),
    `unix_socket_directories=${runner.run}`,
    `hba_file=${join(runner.shared, ACCESS_FILES.rules)}`,
    `ident_file=${join(runner.shared, ACCESS_FILES.users)}`,
  ];
  const postgresArguments = ['-D', runner.data, ...settings.flatMap((setting) => ['-c', setting])];
  const start = () =>
    startPostgresProcess({
      commandLine: runner.commandLine('postgres', postgresArguments, true),
      environment: runner.environment,
      logDescriptor: log.descriptor,
      logPath: join(dataDirectory.log, 'postgres.log'),
      connection,
    });

  let current: PostgresProcess | null = null;
  const stopping = new AbortController();

  const keepRunning = async (first: PostgresProcess): Promise<void> => {
    let running = first;
    let failureCount = 0;
    for (;;) {
      const startedAt = performance.now();
      const exit = await running.exited;
      current = null;
      if (stopping.signal.aborted) return;
      onEvent({ kind: 'died', exit });
      if (performance.now() - startedAt > HEALTHY_SECONDS * 1000) failureCount = 0;
      const next = await restart(failureCount);
      if (next === null) return;
      failureCount = next.failureCount;
      running = next.process;
    }
  };

  const restart = async (
    failuresSoFar: number,
  ): Promise<{ readonly process: PostgresProcess; readonly failureCount: number } | null> => {
    let lastError: unknown;
    for (let failureCount = failuresSoFar; failureCount < RESTART_DELAYS_MILLISECONDS.length; failureCount += 1) {
      await sleep(RESTART_DELAYS_MILLISECONDS[failureCount], undefined, { signal: stopping.signal }).catch(
        () => undefined,
      );
      if (stopping.signal.aborted) return null;
      try {
        const process = await start();
        if (stopping.signal.aborted) {
          await process.stop();
          return null;
        }
        current = process;
        onEvent({ kind: 'restarted' });
        return { process, failureCount: failureCount + 1 };
      } catch (error) {
        lastError = error;
      }
    }
    const error = new EmbeddedPostgresError(
      'KEEPS_STOPPING',
      `The embedded PostgreSQL stopped ${RESTART_DELAYS_MILLISECONDS.length} times. See ${dataDirectory.log}/postgres.log.`,
      { cause: lastError },
    );
    onEvent({ kind: 'gave-up', error });
    return null;
  };

  const closeLog = () => {
    clearInterval(logTimer);
    log.close();
  };
  try {
    current = await start();
  } catch (error) {
    closeLog();
    throw error;
  }
  const supervision = keepRunning(current);
  let stopped: Promise<void> | null = null;
  const stop = async () => {
    stopping.abort();
    await current?.stop();
    await supervision;
    closeLog();
  };
  return {
    connection,
    processId: () => current?.processId ?? null,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}
