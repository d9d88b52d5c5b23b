import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseSeed, createRandom, type PatchedFleet, readPackages, startPatchedFleet } from './patched-fleet.ts';

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

    for (const { id, operation } of commands) {
      for (const node of fleet.nodes) {
        const outcome = await fleet.read(id, node.instanceId);
        const where = `${operation} ${id} on ${node.instanceId}: ${outcome.errors}`;
        expect.soft(outcome.status, where).toBe('Success');
        expect.soft(outcome.operations, where).toBe(1);
        expect.soft(outcome.verdict, where).not.toBeNull();
        expect.soft(outcome.output, where).toContain('COMPLIANT');
      }
    }
    for (const node of fleet.nodes) {
      const { versions, audit } = await readPackages(node);
      expect.soft(audit).toBe('');
      expect.soft(new Set(versions)).toEqual(new Set([`install ok installed ${version}`]));
    }
  }, 1_800_000);
});
