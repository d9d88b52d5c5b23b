import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTwoNetworks, type TwoNetworks } from '../support/two-networks.ts';
import { type FleetNode, type PatchedFleet, readPackages, startPatchedFleet } from './patched-fleet.ts';

const cutMilliseconds = 10 * 60_000;
const patienceMilliseconds = 3 * 60_000;

let folder: string;
let networks: TwoNetworks;
let fleet: PatchedFleet;
let node: FleetNode;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'network-cut-'));
  networks = await createTwoNetworks(folder);
  fleet = await startPatchedFleet({ nodeCount: 1, networks, patienceMilliseconds });
  [node] = fleet.nodes as [FleetNode];
});

afterAll(async () => {
  await fleet?.close();
  await networks?.close();
  await rm(folder, { recursive: true });
});

/** The control plane over the cable, and the archives, which are reached beside it. */
async function setNetwork(isThere: boolean): Promise<void> {
  await networks.setCable(isThere);
  const reachability = isThere ? 'reachable' : 'refused';
  for (const archive of Object.values(fleet.archives.archives)) await archive.present({ reachability });
}

describe('a network that is cut for ten minutes in the middle of an install', () => {
  it('keeps nothing from going in, and loses nothing of what is to be told', async () => {
    const [begun, goOn] = ['var/lib/pb-begun', 'var/lib/pb-go-on'].map((path) => join(node.root.directory, path));
    const postinst = 'touch /var/lib/pb-begun; while [ ! -e /var/lib/pb-go-on ]; do sleep 0.2; done';
    const version = await fleet.publishNext({}, { scripts: { postinst } });
    const install = await fleet.send('Install');
    while (!existsSync(begun ?? '')) await wait(100);
    await setNetwork(false);
    const cutAt = Date.now();
    await writeFile(goOn ?? '', '');
    const later = await fleet.send('Scan');

    // What is signed and fetched needs no network.
    await expect
      .poll(async () => (await readPackages(node)).versions, { timeout: 60_000, interval: 1000 })
      .toEqual(Array(3).fill(`install ok installed ${version}`));
    await wait(cutMilliseconds - (Date.now() - cutAt));
    expect(await fleet.isFinished(install)).toBe(false);
    await setNetwork(true);

    const backAt = Date.now();
    for (const id of [install, later]) {
      await fleet.awaitFinished(id);
      const outcome = await fleet.read(id, node.instanceId);
      expect(outcome, outcome.errors).toMatchObject({ status: 'Success', operations: 1, verdict: 'compliant' });
      expect(outcome.output).toMatch(/^Refreshing the package lists\n[\s\S]*missing 0, failed 0\n*$/);
    }
    console.log(`Both were told ${Math.round((Date.now() - backAt) / 1000)} s after the network was back`);
    expect((await fleet.read(install, node.instanceId)).output.match(/^  installed$/gm)).toHaveLength(3);
    expect((await readPackages(node)).audit).toBe('');
    await Promise.all([begun, goOn].map((path) => rm(path ?? '')));
  }, 1_200_000);
});
