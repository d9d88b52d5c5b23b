import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runTool, tryTool } from '../support/run-tool.ts';
import { type FleetNode, type PatchedFleet, readPackages, startPatchedFleet } from './patched-fleet.ts';

const diskMebibytes = 512;
/** Longer than every attempt to go on that an agent makes at once. */
const fullMilliseconds = 30_000;

let disk: string;
let fleet: PatchedFleet;
let node: FleetNode;

// Root and state of the node are on a disk of its own, as on a machine with one file system.
beforeAll(async () => {
  disk = await mkdtemp(join(tmpdir(), 'full-disk-'));
  await runTool(['mount', '-t', 'tmpfs', '-o', `size=${diskMebibytes}m,mode=0755`, 'tmpfs', disk]);
  fleet = await startPatchedFleet({ nodeCount: 1, nodesDirectory: disk });
  [node] = fleet.nodes as [FleetNode];
});

afterAll(async () => {
  await fleet?.close();
  await runTool(['umount', '--lazy', disk]);
  await rm(disk, { recursive: true });
});

async function install() {
  const id = await fleet.send('Install');
  await fleet.awaitFinished(id);
  return await fleet.read(id, node.instanceId);
}

// Whatever the test before left is repaired by the next install.
beforeEach(async () => {
  const outcome = await install();
  expect(outcome, outcome.errors).toMatchObject({ status: 'Success', operations: 1, verdict: 'compliant' });
  expect((await readPackages(node)).audit).toBe('');
});

describe('a disk that is too small for what is to be installed', () => {
  it('is told before anything is touched: how much is missing, and where', async () => {
    const before = await readPackages(node);
    await fleet.publishNext({}, { installedSizeKibibytes: 2 * diskMebibytes * 1024 });
    const outcome = await install();
    expect(outcome, outcome.output).toMatchObject({ status: 'Failed', operations: 1, verdict: 'non-compliant' });
    expect(outcome.errors).toMatch(/not enough room on the disk: \d+ MB are missing on .*\/usr/);
    expect(await readPackages(node)).toEqual(before);
    await fleet.archives.archives.security.withdraw('pb-fault-b');
  });

  it('is told as well when it is full already', async () => {
    await fleet.publishNext();
    const filler = join(disk, 'filler');
    await writeFile(filler, '');
    await runTool([
      'sh',
      '-c',
      `head -c $(($(df -B1 --output=avail ${disk} | tail -1) - 30000000)) /dev/zero >${filler}`,
    ]);
    const outcome = await install();
    await rm(filler);
    expect(outcome, outcome.output).toMatchObject({ status: 'Failed', operations: 1, verdict: 'non-compliant' });
    expect(outcome.errors).toMatch(/not enough room on the disk: \d+ MB are missing/);
    expect((await readPackages(node)).audit).toBe('');
  });
});

describe('a disk that fills up in the middle of a package', () => {
  // Of this nobody can know before: the package's own script takes what there is.
  const preinst = 'cat /dev/zero >/var/tmp/filler 2>/dev/null || true';
  const greedy = { scripts: { preinst }, files: { '/usr/lib/pb-fault-b': 'x'.repeat(4_000_000) } };

  async function fillUp() {
    const filler = join(node.root.directory, 'var/tmp/filler');
    await fleet.publishNext({}, greedy);
    const id = await fleet.send('Install');
    while (!existsSync(filler)) await wait(50);
    return { id, filler };
  }

  /** The next version takes no more than it needs. */
  async function expectRepair(): Promise<void> {
    const version = await fleet.publishNext();
    const outcome = await install();
    expect(outcome, outcome.errors).toMatchObject({ status: 'Success', operations: 1, verdict: 'compliant' });
    expect(await readPackages(node)).toEqual({ versions: Array(3).fill(`install ok installed ${version}`), audit: '' });
  }

  it('fails the install once, with words, and the next one repairs what is half done', async () => {
    const { id, filler } = await fillUp();
    await fleet.awaitFinished(id);
    await rm(filler);
    const outcome = await fleet.read(id, node.instanceId);
    expect(outcome, outcome.output).toMatchObject({ status: 'Failed', operations: 1 });
    expect(outcome.errors).toMatch(/No space left on device/);
    await expectRepair();
  });

  it('and in which every byte that becomes free is taken again for half a minute, is survived too', async () => {
    const { id, filler } = await fillUp();
    const fullUntil = Date.now() + fullMilliseconds;
    while (Date.now() < fullUntil) {
      await tryTool(['sh', '-c', `cat /dev/zero >>${filler}`]);
      await wait(20);
    }
    await rm(filler);
    await fleet.awaitFinished(id);
    const outcome = await fleet.read(id, node.instanceId);
    expect(outcome, outcome.output).toMatchObject({ status: 'Failed', operations: 1 });
    expect(outcome.output).toContain('Group 1 of 3');
    expect(outcome.errors).toMatch(/No space left on device/i);
    await expectRepair();
  });
});
