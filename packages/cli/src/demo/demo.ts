import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findDebianArchives } from '@patchbay/agent';
import type { Verdict } from '@patchbay/facts';
import {
  createLogger,
  defaultPort,
  ListenError,
  prepareDataDirectory,
  type RunningServer,
  readServerConfig,
  startServer,
} from '@patchbay/server';
import { readAdministratorAccess } from '../administrator-access.ts';
import { createControlPlaneClient } from '../control-plane-client.ts';
import { askApt } from './apt-judge.ts';
import { compareAfter, comparePlan, compareUpgrades, findNeededEarly, missingItems, waitingItems } from './compare.ts';
import { DemoError } from './demo-error.ts';
import { buildBaseRoot, hasBaseRoot, unpackNode } from './node-root.ts';
import type { Progress } from './progress.ts';
import { waitForPatcher } from './running-patcher.ts';
import {
  archiveNames,
  createActivation,
  createBaseline,
  describeCounts,
  missingTable,
  patchGroup,
  readFacts,
  runPatchBaseline,
  waitForNode,
  waitingLines,
} from './worked-example.ts';

export interface DemoOptions {
  /** Everything of the demonstration lies here; private, made anew but for the cached root. */
  readonly directory: string;
  /** Program and first arguments that run `patchbay`. */
  readonly patchbay: readonly string[];
  readonly signal: AbortSignal;
}

export interface RunningDemo {
  readonly isAgreed: boolean;
  /** What the node's verdict was before the install and after it. */
  readonly statuses: readonly [before: Verdict['status'], after: Verdict['status']];
  readonly server: RunningServer;
  readonly instanceId: string;
  readonly dataDirectory: string;
  stop(): Promise<void>;
}

const listedLines = 40;

async function startAgent(
  options: DemoOptions,
  activation: { id: string; code: string },
  server: RunningServer,
  paths: { node: string; state: string; log: string },
): Promise<ChildProcess> {
  const log = await open(paths.log, 'w', 0o600);
  const [program = process.execPath, ...first] = options.patchbay;
  const flags = {
    '--endpoint': server.url,
    '--region': 'us-east-1',
    '--activation-id': activation.id,
    '--activation-code': activation.code,
    '--root': paths.node,
    '--state': paths.state,
  };
  const agent = spawn(program, [...first, 'agent', ...Object.entries(flags).flat()], {
    stdio: ['ignore', log.fd, log.fd],
    // A group of its own: Ctrl-C reaches us first, and we end the agent before the server.
    detached: true,
  });
  await log.close();
  return agent;
}

async function stopAgent(agent: ChildProcess): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return;
  const ended = once(agent, 'exit');
  agent.kill('SIGTERM');
  await ended;
}

/** Takes the server's usual port, or any free one where somebody else has it. */
export async function startControlPlane(data: string, progress: Progress): Promise<RunningServer> {
  const logger = createLogger({ level: 'warn' });
  const fail = (error: Error) => {
    throw error;
  };
  try {
    return await startServer(readServerConfig({ data }, {}), logger, fail);
  } catch (error) {
    if (!(error instanceof ListenError && error.code === 'PORT_TAKEN')) throw error;
    progress.line(`Port ${defaultPort} is taken; taking a free one`);
    return await startServer(readServerConfig({ data, port: '0' }, {}), logger, fail);
  }
}

function describeWaiting(verdict: Verdict, progress: Progress): void {
  const waiting = waitingItems(verdict);
  if (waiting.length === 0) return;
  progress.line(`${waiting.length} more wait for their seven days:`);
  progress.block(waitingLines(waiting, listedLines));
}

function describeUpgrades(verdict: Verdict): string {
  return `all that it would upgrade are the ${missingItems(verdict).length} missing and the ${waitingItems(verdict).length} waiting`;
}

/** Plays the worked example on a real node and lets apt judge it. What it started keeps running until `stop`. */
export async function runDemo(options: DemoOptions, progress: Progress): Promise<RunningDemo> {
  if (process.getuid?.() !== 0) {
    throw new DemoError(
      'NOT_ROOT',
      'The demonstration needs root: it makes a root file system and enters it. Run it with sudo.',
    );
  }
  const { directory, signal } = options;
  await prepareDataDirectory(directory);
  const paths = {
    cache: join(directory, 'cache'),
    data: join(directory, 'control-plane'),
    node: join(directory, 'node'),
    state: join(directory, 'node-state'),
    judge: join(directory, 'judge'),
    log: join(directory, 'agent.log'),
  };
  progress.chapter('A disposable node');
  await waitForPatcher(paths.state, (text) => progress.line(text));
  for (const path of [paths.data, paths.node, paths.state, paths.judge])
    await rm(path, { recursive: true, force: true });
  const archives = await findDebianArchives();
  if (!(await hasBaseRoot(paths.cache, archives))) {
    await progress.step('Building a bookworm root from the main archive alone (once; about a minute)', () =>
      buildBaseRoot(paths.cache, archives),
    );
  }
  const { packageCount } = await progress.step('Unpacking it as the node web-1', () =>
    unpackNode(paths.cache, archives, paths.node),
  );
  progress.line(`${packageCount} packages, a kernel among them; the security archive is configured now`);

  progress.chapter('The control plane');
  const server = await progress.step('Starting it on its embedded PostgreSQL', () =>
    startControlPlane(paths.data, progress),
  );
  const stops: (() => Promise<void>)[] = [() => server.stop()];
  const stop = async () => {
    for (const each of stops.splice(0).toReversed()) await each();
  };
  try {
    progress.line(`ready ${server.url}, account ${server.accountId}`);
    const client = createControlPlaneClient(await readAdministratorAccess(paths.data));

    progress.chapter('Enrolment');
    const activation = await createActivation(client);
    progress.line(`Activation ${activation.id}, one use, tagged PatchGroup=${patchGroup}`);
    const agent = await startAgent(options, activation, server, paths);
    stops.push(async () => {
      await stopAgent(agent);
      await waitForPatcher(paths.state, (text) => progress.line(text));
    });
    const instanceId = await waitForNode(client, signal).catch(async (error: unknown) => {
      progress.block((await readFile(paths.log, 'utf8')).trim().split('\n').slice(-10));
      throw error;
    });
    progress.line(`${instanceId} is online`);

    progress.chapter('Baseline and patch group');
    const baselineId = await createBaseline(client);
    progress.line(`${baselineId}: security updates after 7 days, registered for ${patchGroup}`);

    progress.chapter('Before: scan');
    const before = await progress.step('AWS-RunPatchBaseline Operation=Scan', () =>
      runPatchBaseline(client, instanceId, 'Scan', signal),
    );
    describeCounts(before.verdict, progress);
    const names = archiveNames(await readFacts(client, instanceId));
    const missing = missingItems(before.verdict);
    progress.block(missingTable(missing, names, listedLines));
    describeWaiting(before.verdict, progress);
    const aptBefore = await progress.step("Asking the node's own apt what it would upgrade", () =>
      askApt(paths.node, paths.judge, missing),
    );
    const expected = missing.length > 0 ? 'non-compliant' : 'compliant';
    const found = [
      ...(before.verdict.status === expected ? [] : [`the verdict before is ${before.verdict.status}`]),
      ...compareUpgrades(before.verdict, names, aptBefore.upgrade),
    ];
    progress.line(
      found.length === 0
        ? `apt agrees, item by item: ${describeUpgrades(before.verdict)}`
        : `apt does NOT agree: ${found.join('; ')}`,
    );

    progress.chapter('Install, by a frozen plan');
    const install = await progress.step('AWS-RunPatchBaseline Operation=Install', () =>
      runPatchBaseline(client, instanceId, 'Install', signal),
    );
    if (install.plan) {
      const changes = install.plan.groups.flatMap((group) => group.changes);
      const added = changes.filter((change) => change.action === 'install').map((change) => change.name);
      progress.line(
        `Plan ${install.plan.planId}: ${changes.length} changes in ${install.plan.groups.length} independent groups, ${(install.plan.downloadBytes / 1e6).toFixed(1)} MB`,
      );
      if (added.length > 0) progress.line(`Brought along: ${added.join(', ')}`);
      const early = findNeededEarly(install.plan, before.verdict);
      if (early.length > 0)
        progress.line(`Before their delay is over, because approved patches need them: ${early.join(', ')}`);
      const strayed = comparePlan(install.plan, aptBefore.targets);
      found.push(...strayed);
      progress.line(
        strayed.length === 0
          ? 'The plan is what apt would do for the missing ones'
          : `The plan is NOT what apt would do: ${strayed.join('; ')}`,
      );
    } else if (missing.length > 0) found.push('the install had no plan');

    progress.chapter('After: scan again');
    const after = await progress.step('AWS-RunPatchBaseline Operation=Scan', () =>
      runPatchBaseline(client, instanceId, 'Scan', signal),
    );
    describeCounts(after.verdict, progress);
    if (after.verdict.status !== 'compliant') found.push(`the verdict after is ${after.verdict.status}`);
    describeWaiting(after.verdict, progress);
    const aptAfter = await progress.step('Asking apt again', () => askApt(paths.node, paths.judge, []));
    const left = [
      ...compareAfter(before.verdict, aptAfter.upgrade),
      ...compareUpgrades(after.verdict, names, aptAfter.upgrade),
    ];
    found.push(...left);
    const stillWaiting = waitingItems(after.verdict).length;
    progress.line(
      left.length === 0
        ? `apt agrees: no approved package is left to upgrade${stillWaiting === 0 ? '' : `, only the ${stillWaiting} that wait`}`
        : `apt does NOT agree: ${left.join('; ')}`,
    );
    for (const difference of found) progress.line(`DIFFERENCE: ${difference}`);
    const statuses = [before.verdict.status, after.verdict.status] as const;
    return { isAgreed: found.length === 0, statuses, server, instanceId, dataDirectory: paths.data, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
