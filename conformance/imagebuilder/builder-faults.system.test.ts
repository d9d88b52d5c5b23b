import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AddTagsToResourceCommand, CreateActivationCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDataFolder, startRealServer, withRealServer } from '../ssm/real-server.ts';
import { type PatchbayProcess, startPatchbay } from '../support/patchbay-process.ts';
import { runTool } from '../support/run-tool.ts';
import { type BuildStage, findProcesses, listLeftovers, openBuildStage, writeComponent } from './build-stage.ts';
import { startTestBuilder } from './built-image.ts';

const server = withRealServer();
let stage: BuildStage;

beforeAll(async () => {
  stage = await openBuildStage(server(), null);
});
afterAll(async () => {
  await stage?.close();
});

describe('a builder that is killed', () => {
  it('finds what it left at its next start, and builds again what it had begun', { timeout: 300_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'patchbay-builder-'));
    const { ActivationId = '', ActivationCode = '' } = await server().ssm.send(
      new CreateActivationCommand({ IamRole: 'node' }),
    );
    const start = (): PatchbayProcess =>
      startPatchbay([
        'agent',
        '--builder',
        '--state',
        join(folder, 'state'),
        '--endpoint',
        server().url,
        '--region',
        server().access.region,
        '--activation-id',
        ActivationId,
        '--activation-code',
        ActivationCode,
      ]);
    let builder = start();
    try {
      const [, instanceId = ''] = await builder.waitFor(/Online as (mi-\w+)/);
      await server().ssm.send(
        new AddTagsToResourceCommand({
          ResourceType: 'ManagedInstance',
          ResourceId: instanceId,
          Tags: [{ Key: 'patchbay:builder', Value: 'true' }],
        }),
      );
      const once = ['touch /srv/file', 'test -e /tmp/never || sleep 47.13'];
      const arn = await stage.begin('killed', { component: writeComponent(once) });
      const isAsleep = async () => (await findProcesses('sleep 47.13')).length > 0;
      await vi.waitUntil(isAsleep, { timeout: 120_000, interval: 200 });
      await builder.end('SIGKILL');
      // What it started dies with it: nobody would end it at its time limit.
      await vi.waitUntil(async () => !(await isAsleep()), { timeout: 10_000, interval: 100 });
      builder = start();
      await builder.waitFor(/Removed a container of a run that was killed/);
      const ended = await stage.await(arn);
      expect([ended.status, ended.reason]).toEqual(['AVAILABLE', undefined]);
      expect(ended.record.attempts).toBe(2);
      const tags = await fetch(`http://${stage.registry.address}/v2/killed/tags/list`);
      const { tags: all } = (await tags.json()) as { tags: string[] };
      expect(all.filter((tag) => !tag.startsWith('sha256-'))).toEqual(['1.0.0-1']);
      expect(await listLeftovers({ folder })).toEqual([]);
    } finally {
      await builder.end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('a builder whose disk is full', () => {
  it('says so, and goes on with the next build', { timeout: 300_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'patchbay-builder-'));
    await runTool(['mount', '-t', 'tmpfs', '-o', 'size=900m', 'tmpfs', folder]);
    try {
      const builder = await startTestBuilder(server(), {}, folder);
      try {
        const fill = ['head -c 4G /dev/zero >/srv/fill'];
        const full = await stage.build('full', { component: writeComponent(fill) });
        expect([full.status, full.reason]).toEqual(['FAILED', expect.stringMatching(/^ApplyBuildComponents .*exit/)]);
        expect(full.record.failure?.output).toContain('No space left on device');
        expect(await listLeftovers(builder)).toEqual([]);
        const next = await stage.build('after-full', { component: writeComponent(['touch /srv/file']) });
        expect([next.status, next.reason]).toEqual(['AVAILABLE', undefined]);
      } finally {
        await builder.stop().catch(() => {});
      }
    } finally {
      await runTool(['umount', '--lazy', folder]);
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('a control plane that is away in the midst of a build', () => {
  it('is told of it all when it is back', { timeout: 300_000 }, async () => {
    const dataFolder = await createDataFolder();
    const { data } = dataFolder;
    let running = await startRealServer(data);
    const port = new URL(running.url).port;
    const own = await openBuildStage(running);
    try {
      const slow = ['echo before', 'sleep 47.14 & sleep 6', 'echo after'];
      const arn = await own.begin('patient', { component: writeComponent(slow) });
      await vi.waitUntil(async () => (await findProcesses('sleep 47.14')).length > 0, { timeout: 60_000 });
      await running.stop();
      // The step ends meanwhile, and all that it left running with it.
      await vi.waitUntil(async () => (await findProcesses('sleep 47.14')).length === 0, { timeout: 60_000 });
      running = await startRealServer(data, undefined, { port });
      const ended = await own.await(arn);
      expect([ended.status, ended.reason]).toEqual(['AVAILABLE', undefined]);
      expect(ended.record.attempts).toBe(1);
      expect(ended.lines).toEqual(expect.arrayContaining(['before', 'after']));
      expect(ended.record.steps.slice(0, 4).map(({ status }) => status)).toEqual(Array(4).fill('COMPLETED'));
    } finally {
      await own.close();
      await running.stop();
      await dataFolder.remove();
    }
  });
});
