import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseSeed, createRandom } from '../faults/patched-fleet.ts';
import { createDataFolder, startRealServer } from '../ssm/real-server.ts';
import { type PatchbayProcess, startPatchbay } from '../support/patchbay-process.ts';
import { runTool } from '../support/run-tool.ts';
import { type BuildStage, listLeftovers, openBuildStage, writeComponent } from './build-stage.ts';

const wantedKills = 12;
const longestLifeMilliseconds = 4_000;
const buildCount = 4;

describe('a control plane that is killed at random moments of builds', () => {
  let stage: BuildStage;
  let server: PatchbayProcess;
  let startServer: () => Promise<void>;
  const closing: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    const folder = await createDataFolder();
    closing.push(() => folder.remove());
    const first = await startRealServer(folder.data);
    stage = await openBuildStage(first);
    closing.push(() => stage.close());
    await first.stop();
    startServer = async () => {
      server = startPatchbay(['up', '--data', folder.data, '--port', new URL(first.url).port]);
      await server.waitFor(/^ready /m);
    };
    await startServer();
    closing.push(() => server.end('SIGTERM'));
  });
  afterAll(async () => {
    for (const close of closing.toReversed()) await close();
  });

  it('has each of them made and sent once, with every line', { timeout: 300_000 }, async () => {
    const random = createRandom(chooseSeed());
    const told = Array.from({ length: 40 }, (_, index) => `line ${index}`);
    const slow = told.map((line) => `echo ${line}; sleep 0.1`);
    const names = Array.from({ length: buildCount }, (_, index) => `killed-${index}`);
    const begun: string[] = [];
    for (const name of names) begun.push(await stage.begin(name, { component: writeComponent(slow, ['true']) }));
    for (let kill = 0; kill < wantedKills; kill += 1) {
      await wait(random() * longestLifeMilliseconds);
      await server.end('SIGKILL');
      await startServer();
    }
    for (const [index, arn] of begun.entries()) {
      const { status, reason, record, lines, image } = await stage.await(arn);
      expect.soft([status, reason, record.attempts]).toEqual(['AVAILABLE', undefined, 1]);
      expect.soft(lines.filter((line) => line.startsWith('line '))).toEqual(told);
      expect.soft(new Set(record.steps.map((step) => step.status))).toEqual(new Set(['COMPLETED']));
      const [uri = ''] = image.outputResources?.containers?.[0]?.imageUris ?? [];
      const inspected = await runTool(['skopeo', 'inspect', '--tls-verify=false', `docker://${uri}`]);
      expect.soft(uri).toContain(names[index]);
      expect.soft(JSON.parse(inspected)).toMatchObject({ Digest: record.record?.digest });
    }
    expect(await listLeftovers(stage.builder)).toEqual([]);
  });
});
