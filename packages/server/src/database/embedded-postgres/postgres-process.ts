import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { type ConnectionTarget, clientConfig } from '../connection.ts';
import { EmbeddedPostgresError } from '../database-error.ts';

/** A postmaster that accepted a connection. */
export interface PostgresProcess {
  readonly processId: number;
  /** Settles, in words, when the process is gone for whatever reason; never rejects. */
  readonly exited: Promise<string>;
  /** SIGINT ("fast": connections end, data is written), and harder when that takes too long. */
  stop(): Promise<void>;
}

export interface PostgresStart {
  readonly commandLine: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly logDescriptor: number;
  /** For messages. */
  readonly logPath: string;
  readonly connection: ConnectionTarget;
}

/** Generous, since after a crash the log is replayed before anyone may connect. */
const READY_SECONDS = 120;
const PROBE_MILLISECONDS = 15;
const FAST_SHUTDOWN_MILLISECONDS = 20_000;
const IMMEDIATE_SHUTDOWN_MILLISECONDS = 5000;

/** Starts a postmaster and answers when it accepts connections. Errors: `START_FAILED`. */
export async function startPostgresProcess(start: PostgresStart): Promise<PostgresProcess> {
  const [program = '', ...programArguments] = start.commandLine;
  const child = spawn(program, programArguments, {
    cwd: '/',
    env: { ...start.environment },
    stdio: ['ignore', start.logDescriptor, start.logDescriptor],
    // A session of its own: Ctrl-C in the terminal must not stop the database before the server has drained.
    detached: true,
  });
  let exit: string | null = null;
  const exited = new Promise<string>((resolve) => {
    const settle = (text: string) => {
      exit = text;
      resolve(text);
    };
    child.once('error', (error) => settle(`it cannot be run: ${error.message}`));
    child.once('exit', (code, signal) => settle(signal === null ? `exit code ${code ?? '?'}` : `signal ${signal}`));
  });
  const deadline = performance.now() + READY_SECONDS * 1000;
  // Whether it is ready is learnt from a connection only: log texts change with versions and languages.
  while (!(await acceptsConnections(start.connection))) {
    // The await above lets the exit be seen, which the compiler cannot know.
    const seenExit = exit as string | null;
    if (seenExit !== null) throw startFailed(start, seenExit);
    if (performance.now() > deadline) {
      await stopChild(child, exited);
      throw startFailed(start, `no connection within ${READY_SECONDS} seconds`);
    }
    await sleep(PROBE_MILLISECONDS);
  }
  return { processId: child.pid ?? 0, exited, stop: () => stopChild(child, exited) };
}

function startFailed(start: PostgresStart, reason: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'START_FAILED',
    `The embedded PostgreSQL did not start (${reason}). Its log says why: ${start.logPath}.`,
  );
}

async function acceptsConnections(connection: ConnectionTarget): Promise<boolean> {
  const client = new Client({ ...clientConfig(connection), connectionTimeoutMillis: 5000 });
  // A server that goes away while this one looks is simply not ready.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function stopChild(child: ChildProcess, exited: Promise<string>): Promise<void> {
  const signals = [
    ['SIGINT', FAST_SHUTDOWN_MILLISECONDS],
    ['SIGQUIT', IMMEDIATE_SHUTDOWN_MILLISECONDS],
  ] as const;
  for (const [signal, patienceMilliseconds] of signals) {
    child.kill(signal);
    if (await settlesWithin(exited, patienceMilliseconds)) return;
  }
  child.kill('SIGKILL');
  await exited;
}

async function settlesWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const giveUp = new AbortController();
  const timer = sleep(milliseconds, false, { signal: giveUp.signal }).catch(() => false);
  const isSettled = await Promise.race([promise.then(() => true), timer]);
  giveUp.abort();
  return isSettled;
}
