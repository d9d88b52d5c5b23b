import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type BuilderSettings,
  enrolOnly,
  type LogEvent,
  openStateDirectory,
  readIdentity,
  requireBuilderTools,
} from '@patchbay/agent';
import { AppError } from '@patchbay/facts';
import type { Logger, RunningServer } from '@patchbay/server';
import { z } from 'zod';
import { readAdministratorAccess } from './administrator-access.ts';
import { createControlPlaneClient } from './control-plane-client.ts';

/** Why no builder can run beside this control plane. */
export class BuilderProcessError extends AppError<'NOT_LOOPBACK' | 'NOT_ROOT'> {}

const Activation = z.object({ ActivationId: z.string(), ActivationCode: z.string() });

/**
 * Asked before the server starts.
 * @throws BuilderProcessError NOT_LOOPBACK, NOT_ROOT; BuilderError MISSING_TOOL
 */
export function requireBuilderBeside({ isLoopback }: { readonly isLoopback: boolean }): void {
  if (!isLoopback) {
    throw new BuilderProcessError(
      'NOT_LOOPBACK',
      '--builder is for control planes that only this machine can call: whoever may write recipes is root where they are built, and that must not be where the keys of everything lie. Run patchbay agent --builder on another machine.',
    );
  }
  if (process.getuid?.() !== 0) {
    throw new BuilderProcessError('NOT_ROOT', 'A builder runs as root: run patchbay up --builder with sudo.');
  }
  requireBuilderTools();
}

export interface BuilderProcessOptions {
  /** Data directory of the control plane; the builder's state lies in it. */
  readonly dataDirectory: string;
  readonly region: string;
  readonly server: Pick<RunningServer, 'url' | 'caFingerprint'>;
  readonly settings: BuilderSettings;
  /** Program and first arguments that run `patchbay`. */
  readonly patchbay: readonly string[];
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** So often in a row it is started again; a run longer than `longRunMilliseconds` begins a new row. */
const mostRestarts = 5;
const longRunMilliseconds = 600_000;

/**
 * Runs a builder beside a control plane, as a process of its own and a node of it, and starts it again when it dies.
 * Resolves when the signal has ended it, or when it died too often.
 */
export async function keepBuilder(options: BuilderProcessOptions): Promise<void> {
  const { logger, signal } = options;
  await enrolBuilder(options);
  for (let restarts = 0; !signal.aborted; restarts += 1) {
    const startedAt = performance.now();
    const how = await runBuilderProcess(options);
    if (signal.aborted) return;
    if (performance.now() - startedAt > longRunMilliseconds) restarts = 0;
    if (restarts >= mostRestarts) {
      logger.error(
        { how },
        'the builder ended too often and is not started again: see why above, or patchbay builder check',
      );
      return;
    }
    logger.warn({ how }, 'the builder ended and is started again');
    await wait(1000 * 2 ** restarts, undefined, { signal }).catch(() => {});
  }
}

const stateOf = ({ dataDirectory }: BuilderProcessOptions) => join(dataDirectory, 'builder');

/** Here and not in the builder's own process: arguments are shown to every user by ps(1), and the code would be one. */
async function enrolBuilder(options: BuilderProcessOptions): Promise<void> {
  const { dataDirectory, region, server, signal } = options;
  const state = openStateDirectory(stateOf(options));
  if (readIdentity(state) !== null) return;
  const client = createControlPlaneClient(await readAdministratorAccess(dataDirectory));
  const made = Activation.parse(
    await client.ssm('CreateActivation', {
      IamRole: 'patchbay-node',
      DefaultInstanceName: 'builder',
      Tags: [{ Key: 'patchbay:builder', Value: 'true' }],
    }),
  );
  const request = {
    endpoint: server.url,
    region,
    activation: { id: made.ActivationId, code: made.ActivationCode },
    caFingerprint: server.caFingerprint,
  };
  await enrolOnly(state.path, request, { log: (event) => say(options, event), signal });
}

function say({ logger }: BuilderProcessOptions, { level, message }: LogEvent): void {
  logger[level === 'warning' ? 'warn' : level](message);
}

/** Runs it to its end and says how that was. Its lines become lines of our log. */
async function runBuilderProcess(options: BuilderProcessOptions): Promise<string> {
  const { server, settings, patchbay, signal } = options;
  const { concurrency, archives, keyring, registryAuthFile, parentImageDirectory, plainHttpRegistries } = settings;
  const [program = process.execPath, ...first] = patchbay;
  const flags = [
    ['--state', stateOf(options)],
    ['--endpoint', server.url],
    ['--builds', String(concurrency)],
    ['--keyring', keyring],
    server.caFingerprint === undefined ? [] : ['--ca-fingerprint', server.caFingerprint],
    archives === null ? [] : ['--debian-main', archives.main, '--debian-security', archives.security],
    registryAuthFile === null ? [] : ['--registry-auth', registryAuthFile],
    parentImageDirectory === null ? [] : ['--parent-images', parentImageDirectory],
    ...plainHttpRegistries.map((registry) => ['--plain-http-registry', registry]),
  ].flat();
  // However we end, kill -9 included, it ends with us (prctl(2), PR_SET_PDEATHSIG).
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', program, ...first, 'agent', '--builder', ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // A group of its own: Ctrl-C reaches us first, and we end the builder before the server.
    detached: true,
  });
  const lines = createInterface({ input: child.stderr });
  lines.on('line', (line) => say(options, readLogLine(line)));
  const stop = () => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await endOf(child);
  } finally {
    signal.removeEventListener('abort', stop);
    lines.close();
  }
}

async function endOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return signal ?? `status ${code}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Takes a line of the agent's log apart: our own log has the time and the level already. */
export function readLogLine(line: string): LogEvent {
  const match = /^\S+Z (?:(?<level>warning|error): )?(?<message>.*)$/.exec(line)?.groups;
  const level = match?.level === 'warning' || match?.level === 'error' ? match.level : 'info';
  return { level, message: match?.message ?? line };
}
