import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, it } from 'vitest';
import {
  chooseSeed,
  createRandom,
  expectCarriedOutOnce,
  expectCleanNodes,
  type PatchedFleet,
  startPatchedFleet,
} from './patched-fleet.ts';

const nodeCount = 10;
const wantedKills = 50;
const longestLifeMilliseconds = 4_000;

let fleet: PatchedFleet;

beforeAll(async () => {
  fleet = await startPatchedFleet({ nodeCount });
});

afterAll(() => fleet?.close());

describe('a control plane that is killed at fifty random moments of scans and installs over ten nodes', () => {
  it('carries out every command once, with one row of history and its output, and leaves clean machines', async () => {
    const random = createRandom(chooseSeed());
    const commands: { readonly id: string; readonly operation: 'Scan' | 'Install' }[] = [];
    let version = '';
    let kills = 0;
    while (kills < wantedKills) {
      const operation = commands.length % 3 === 0 ? 'Scan' : 'Install';
      version = await fleet.publishNext();
      const id = await fleet.send(operation);
      commands.push({ id, operation });
      while (kills < wantedKills) {
        await wait(random() * longestLifeMilliseconds);
        await fleet.killServer();
        kills += 1;
        await fleet.startServer();
        if (await fleet.isFinished(id)) break;
      }
      await fleet.awaitFinished(id);
    }
    const last = await fleet.send('Install');
    commands.push({ id: last, operation: 'Install' });
    await fleet.awaitFinished(last);

    for (const { id, operation } of commands) await expectCarriedOutOnce(fleet, id, operation);
    await expectCleanNodes(fleet, version);
  }, 1_800_000);
});
