import { randomUUID } from 'node:crypto';
import { mkdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError } from './agent-error.ts';
import { agentVersion } from './agent-version.ts';
import type { Builder } from './builder/builder-settings.ts';
import { createControlPlaneClient } from './client/index.ts';
import { createCommandLedger } from './commands/command-ledger.ts';
import { createCommandQueue } from './commands/command-queue.ts';
import { type EnrolledIdentity, type EnrolmentRequest, enrol } from './enrolment.ts';
import { submitFactsRegularly } from './facts-schedule.ts';
import { openCommandJournal } from './journal/index.ts';
import { describeError, type Log } from './log.ts';
import { createRebooter, defaultEnvironment, MachineError, openMachine, type Rebooter } from './machine/index.ts';
import { openPatchRuns } from './patch-run.ts';
import { createPatchRunQueue } from './patch-run-queue.ts';
import { readMachineIdentity } from './patcher/boot-facts.ts';
import { readPlatform } from './platform.ts';
import { hostPolicyFile, readNodePolicy } from './policy/node-policy-file.ts';
import { pollMessages } from './polling.ts';
import { sayGoodbye, stayPresent } from './presence.ts';
import { openOutputSpool, openReplySpool } from './replies/index.ts';
import type { SelfUpdateSettings } from './self-update/index.ts';
import { lockState, openStateDirectory, readIdentity, type StateDirectory, writeOnlineNote } from './state/index.ts';
import { systemTimers, type Timers } from './timers.ts';

export interface AgentOptions extends EnrolmentRequest {
  readonly stateDirectory: string;
  /** Main file of the patcher and arguments that come before its own; run by this process's Node. */
  readonly patcherProgram: readonly string[];
  readonly log: Log;
  /** Aborted on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Where the policy of a host stands; default /etc/patchbay/policy.json. A `--root` node's is in the state directory. */
  readonly hostPolicyFile?: string;
  /** Variables that the patcher gets beside PATH, for instance NODE_EXTRA_CA_CERTS. */
  readonly patcherEnvironment?: Readonly<Record<string, string>>;
  readonly timers?: Timers;
  /** Default: systemctl or shutdown, on a host. */
  readonly rebooter?: Rebooter;
  /** Given where this node builds images besides. */
  readonly builder?: Builder;
  /** Given where this agent was installed from its package, and so can install another version of itself. */
  readonly selfUpdate?: SelfUpdateSettings;
}

/** How long commands and runs are kept: longer than one can still be delivered (30 days) or run (2 days). */
const keptMilliseconds = 60 * 24 * 3_600_000;
const lastDeliveryMilliseconds = 5_000;

/**
 * The agent: enrols where needed, then stays until the signal is aborted. Resolves after a clean stop.
 *
 * @throws AgentError, MachineError, and ServerError or UnreachableError while it enrols
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const state = openStateDirectory(options.stateDirectory);
  const lock = lockState(state.path);
  try {
    const { log, timers = systemTimers, signal } = options;
    const rootDirectory =
      typeof options.rootDirectory === 'string' ? resolveRoot(options.rootDirectory) : options.rootDirectory;
    const enrolNode = () => enrol(state, { ...options, rootDirectory }, { log, timers, signal });
    const known = readIdentity(state) === null ? null : await enrolNode();
    const root = known === null ? (rootDirectory ?? null) : known.rootDirectory;
    // Entered before a new node enrols: a mistake about the machine must not cost an activation.
    const machine = await openMachine({ root, workDirectory: state.work, access: 'read-write' });
    try {
      const rootLock = root === null ? null : lockRoot(root);
      try {
        await serve(options, state, known ?? (await enrolNode()), machine, timers);
      } finally {
        rootLock?.release();
      }
    } finally {
      await machine.close();
    }
  } finally {
    lock.release();
  }
}

function resolveRoot(root: string): string {
  try {
    return realpathSync(root);
  } catch (error) {
    throw new MachineError('ROOT_MISSING', `There is no directory ${JSON.stringify(root)} to be a node.`, {
      cause: error,
    });
  }
}

/**
 * Two agents on one root would be two nodes of one machine. A host needs no such lock: whoever runs a second agent there
 * has chosen a second state directory for it.
 */
function lockRoot(root: string): { release(): void } {
  const { dev, ino } = statSync(root);
  const directory = `/run/patchbay/roots/${dev}-${ino}`;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  try {
    return lockState(directory);
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== 'STATE_IN_USE') throw error;
    throw new AgentError('ROOT_IN_USE', `Another agent has ${root} as its node. Stop it first.`, { cause: error });
  }
}

async function serve(
  options: AgentOptions,
  state: StateDirectory,
  identity: EnrolledIdentity,
  machine: Awaited<ReturnType<typeof openMachine>>,
  timers: Timers,
): Promise<void> {
  const { log, signal } = options;
  const { instanceId } = identity;
  const policyFile = identity.rootDirectory === null ? (options.hostPolicyFile ?? hostPolicyFile) : state.policyFile;
  const client = createControlPlaneClient(identity, { log, timers });
  const journal = openCommandJournal(state.commands);
  const spool = openReplySpool({ directory: state.replies, client, log, timers });
  const patchRuns = openPatchRuns({
    stateDirectory: state.path,
    directory: state.runs,
    patcherProgram: options.patcherProgram,
    environment: { ...defaultEnvironment, ...options.patcherEnvironment },
    timers,
  });
  const runs = createPatchRunQueue(patchRuns);
  const outputs = openOutputSpool({ directory: state.outputs, client, log, timers });
  const ledger = createCommandLedger({ journal, spool, outputs, agentVersion, timers });
  const queue = createCommandQueue({
    ledger,
    journal,
    runs,
    machine,
    instanceId,
    signingKey: identity.signingKey,
    policyFile,
    selfUpdate: options.selfUpdate ?? null,
    now: () => client.now(),
    rebooter: identity.rootDirectory === null ? (options.rebooter ?? createRebooter(machine)) : null,
    timers,
    log,
    client,
  });
  const prune = () => {
    const before = new Date(timers.now().getTime() - keptMilliseconds);
    journal.prune(before);
    patchRuns.prune(before);
  };
  prune();
  sayPolicy(policyFile, log);
  queue.recover();

  const stopping = new AbortController();
  const stop = () => stopping.abort();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const online = Promise.withResolvers<void>();
  stopping.signal.addEventListener('abort', () => online.resolve(), { once: true });
  const presence = {
    client,
    agentRunId: randomUUID(),
    readMachine: () => readMachineIdentity(machine),
    log,
    timers,
  };
  const loops = [
    stayPresent({
      ...presence,
      instanceId,
      agentVersion,
      readPlatform: () => readPlatform(machine),
      signal: stopping.signal,
      onOnline: () => {
        online.resolve();
        writeOnlineNote(state, agentVersion);
      },
    }),
    // As Amazon's agent: no channel is opened before the control plane took a ping.
    online.promise.then(() =>
      pollMessages({
        client,
        instanceId,
        agentRunId: presence.agentRunId,
        accept: (message, stop) => queue.accept(message, stop),
        log,
        timers,
        signal: stopping.signal,
      }),
    ),
    queue.work(stopping.signal),
    spool.deliver(stopping.signal),
    outputs.deliver(stopping.signal),
    submitFactsRegularly({
      state,
      instanceId,
      runs,
      prune,
      log,
      timers,
      signal: stopping.signal,
    }),
  ];
  const { builder } = options;
  if (builder !== undefined && identity.signingKey !== null) {
    const key = identity.signingKey;
    const directory = join(state.path, 'builder');
    const node = { directory, client, instanceId, key, log, timers, signal: stopping.signal };
    loops.push(online.promise.then(() => builder(node)));
  }
  try {
    // A loop that ends before it is told to has failed: the others end with it, and its error is the agent's.
    await Promise.all(loops);
  } catch (error) {
    log({ level: 'error', message: `The agent stops: ${describeError(error)}` });
    throw error;
  } finally {
    stop();
    await Promise.allSettled(loops);
    await spool.deliverOnce(AbortSignal.timeout(lastDeliveryMilliseconds));
    await sayGoodbye(presence, AbortSignal.timeout(lastDeliveryMilliseconds));
    const left = spool.waiting();
    if (left > 0) log({ level: 'info', message: `${left} replies are kept for the next start.` });
    for (const runId of patchRuns.listUnfinished()) {
      log({ level: 'info', message: `The patcher goes on without the agent (run ${runId}).` });
    }
    client.close();
    log({ level: 'info', message: 'Stopped.' });
    signal.removeEventListener('abort', stop);
  }
}

function sayPolicy(policyFile: string, log: Log): void {
  const { policy, isFilePresent, problem } = readNodePolicy(policyFile);
  if (problem !== null) {
    log({ level: 'warning', message: `Only patching is allowed, because the policy file is not followed: ${problem}` });
    return;
  }
  const names = policy.mode === 'documents' ? ` (${policy.documents.join(', ')})` : '';
  const source = isFilePresent ? `from ${policyFile}` : `because there is no ${policyFile}`;
  log({ level: 'info', message: `The node policy is ${policy.mode}${names}, ${source}.` });
}
