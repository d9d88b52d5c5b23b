import { readdir, readFile, stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  chooseSeed,
  createRandom,
  type FleetNode,
  type PatchedFleet,
  readPackages,
  startPatchedFleet,
} from './patched-fleet.ts';

/** Long enough to be hit by a signal that is meant for it. */
const slowScript = { scripts: { postinst: 'sleep 2' } };

let fleet: PatchedFleet;
let node: FleetNode;

beforeAll(async () => {
  fleet = await startPatchedFleet({ nodeCount: 1 });
  [node] = fleet.nodes as [FleetNode];
});

afterAll(() => fleet?.close());

// Whatever the test before left is repaired by the next install: that is the first thing it checks.
beforeEach(async () => {
  const id = await fleet.send('Install');
  await fleet.awaitFinished(id);
  const outcome = await fleet.read(id, node.instanceId);
  expect(outcome, `${outcome.errors}\n${outcome.output}`).toMatchObject({
    status: 'Success',
    operations: 1,
    verdict: 'compliant',
  });
  expect((await readPackages(node)).audit).toBe('');
});

/** Processes of this node whose command line matches: in its root, or the patcher that has its state. */
async function findProcesses(pattern: RegExp): Promise<number[]> {
  const { dev, ino } = await stat(node.root.directory);
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const commandLine = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    const words = commandLine.split('\0').join(' ');
    if (!pattern.test(words)) continue;
    const root = await stat(`/proc/${name}/root`).catch(() => null);
    const isInside = root?.dev === dev && root.ino === ino;
    if (isInside || words.includes(` ${node.stateDirectory} `)) found.push(Number(name));
  }
  return found;
}

async function waitForProcess(pattern: RegExp): Promise<number> {
  for (let looks = 0; looks < 600; looks += 1) {
    const [found] = await findProcesses(pattern);
    if (found !== undefined) return found;
    await wait(50);
  }
  throw new Error(`No process ${pattern} within half a minute: ${node.agent.output().slice(-1000)}`);
}

async function expectOneTruth(commandId: string, status: 'Success' | 'Failed'): Promise<void> {
  await fleet.awaitFinished(commandId);
  const outcome = await fleet.read(commandId, node.instanceId);
  expect(outcome, outcome.errors).toMatchObject({ status, operations: 1 });
  expect(outcome.output).not.toBe('');
}

describe('an agent that is killed', () => {
  it('at ten random moments of an install reports each command once, with its output', async () => {
    const random = createRandom(chooseSeed());
    for (let kill = 0; kill < 10; kill += 1) {
      const version = await fleet.publishNext();
      const id = await fleet.send('Install');
      await wait(random() * 4000);
      await node.agent.end('SIGKILL');
      node.startAgent();
      await expectOneTruth(id, 'Success');
      expect((await readPackages(node)).versions).toEqual(Array(3).fill(`install ok installed ${version}`));
    }
  });
});

describe('apt or dpkg that is killed in the middle of a package', () => {
  async function killDuring(packageName: string, program: string) {
    const version = await fleet.publishNext(slowScript);
    const id = await fleet.send('Install');
    await waitForProcess(new RegExp(`${packageName}\\.postinst configure`));
    process.kill(await waitForProcess(new RegExp(`^(?:/usr/bin/)?${program} `)), 'SIGKILL');
    await fleet.awaitFinished(id);
    const outcome = await fleet.read(id, node.instanceId);
    expect(outcome, outcome.output).toMatchObject({ status: 'Failed', operations: 1 });
    expect(outcome.errors).toContain(
      `1 of 3 groups did not go in; the first, because: dpkg left ${packageName} unpacked`,
    );
    return version;
  }

  it.each(['dpkg', 'apt-get'])('%s: is told as a failure, once, and the groups after it go in', async (program) => {
    const version = await killDuring('pb-fault-a', program);
    const { versions, audit } = await readPackages(node);
    expect({ versions, audit }).toEqual({ versions: Array(3).fill(`install ok installed ${version}`), audit: '' });
  });

  it('in the last group: is left for the next install to repair', async () => {
    await killDuring('pb-fault-c', 'dpkg');
    expect((await readPackages(node)).audit).toContain('pb-fault-c');
  });
});

describe('a patcher that is killed', () => {
  it('is started again and ends what it began, once', async () => {
    const version = await fleet.publishNext(slowScript);
    const id = await fleet.send('Install');
    await waitForProcess(/postinst configure/);
    process.kill(await waitForProcess(/patcher\/main\.ts .*--run/), 'SIGKILL');
    await expectOneTruth(id, 'Success');
    expect((await readPackages(node)).versions).toEqual(Array(3).fill(`install ok installed ${version}`));
  });
});

describe('PostgreSQL', () => {
  it('that is killed in the middle of an install comes back, and nothing is lost', async () => {
    await fleet.publishNext(slowScript);
    const id = await fleet.send('Install');
    await wait(1500);
    process.kill(await fleet.findPostgres(), 'SIGKILL');
    await expectOneTruth(id, 'Success');
  });

  it('that stands still for a minute in the middle of an install delays it, and nothing is lost', async () => {
    await fleet.publishNext();
    const id = await fleet.send('Install');
    await wait(1000);
    const postmaster = await fleet.findPostgres();
    const stopped = [postmaster, ...(await findChildren(postmaster))];
    for (const pid of stopped) process.kill(pid, 'SIGSTOP');
    await wait(60_000);
    for (const pid of stopped) process.kill(pid, 'SIGCONT');
    await expectOneTruth(id, 'Success');
  });
});

async function findChildren(parent: number): Promise<number[]> {
  const text = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8');
  return text.trim().split(/\s+/).filter(Boolean).map(Number);
}

describe('an archive that goes away half-way', () => {
  it('fails the install with words, leaves the machine clean, and the next one goes through', async () => {
    const { security } = fleet.archives.archives;
    await fleet.publishNext();
    const asked = security.requests.length;
    const id = await fleet.send('Install');
    for (let looks = 0; looks < 1200; looks += 1) {
      if (security.requests.slice(asked).some((request) => request.includes('/pool/') || request.includes(' pool/')))
        break;
      await wait(10);
    }
    await security.present({ reachability: 'refused' });
    await fleet.awaitFinished(id);
    const outcome = await fleet.read(id, node.instanceId);
    await security.present({ reachability: 'reachable' });
    expect(outcome.operations).toBe(1);
    expect((await readPackages(node)).audit).toBe('');
    if (outcome.status === 'Failed') expect(outcome.output + outcome.errors).toMatch(/fetch|connect|reach|download/i);
    await expectOneTruth(await fleet.send('Install'), 'Success');
  });
});
