import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CancelImageCreationCommand, CreateDistributionConfigurationCommand } from '@aws-sdk/client-imagebuilder';
import { AddTagsToResourceCommand, CreateActivationCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDataFolder, startRealServer, withRealServer } from '../ssm/real-server.ts';
import { type PatchbayProcess, startPatchbay } from '../support/patchbay-process.ts';
import { startRelay } from '../support/relay.ts';
import { runTool, tryTool } from '../support/run-tool.ts';
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

/** A builder that is a process of its own: it can be killed and started again. */
async function prepareBuilder() {
  const folder = await mkdtemp(join(tmpdir(), 'patchbay-builder-'));
  const { ActivationId = '', ActivationCode = '' } = await server().ssm.send(
    new CreateActivationCommand({ IamRole: 'node' }),
  );
  const { url, access } = server();
  const control = ['--endpoint', url, '--region', access.region];
  const activation = ['--activation-id', ActivationId, '--activation-code', ActivationCode];
  return {
    folder,
    start: () => startPatchbay(['agent', '--builder', '--state', join(folder, 'state'), ...control, ...activation]),
    tag: async (builder: PatchbayProcess) => {
      const [, instanceId = ''] = await builder.waitFor(/Online as (mi-\w+)/);
      await server().ssm.send(
        new AddTagsToResourceCommand({
          ResourceType: 'ManagedInstance',
          ResourceId: instanceId,
          Tags: [{ Key: 'patchbay:builder', Value: 'true' }],
        }),
      );
    },
  };
}

async function listTags(repository: string): Promise<string[]> {
  const answer = await fetch(`http://${stage.registry.address}/v2/${repository}/tags/list`);
  const { tags } = (await answer.json()) as { tags: string[] };
  return tags.filter((tag) => !tag.startsWith('sha256-')).sort();
}

describe('a builder that is killed', () => {
  it('finds what it left at its next start, and builds again what it had begun', { timeout: 300_000 }, async () => {
    const { folder, start, tag } = await prepareBuilder();
    let builder = start();
    try {
      await tag(builder);
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
      expect(await listTags('killed')).toEqual(['1.0.0-1']);
      expect(await listLeftovers({ folder })).toEqual([]);
    } finally {
      await builder.end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('while it makes a base image takes along what it started for that', { timeout: 120_000 }, async () => {
    const { folder, start, tag } = await prepareBuilder();
    const findBootstraps = async () => (await tryTool(['pgrep', '--full', `mmdebstrap .*${folder}`])).stdout;
    const builder = start();
    try {
      await tag(builder);
      const parentImage = `arn:aws:imagebuilder:${server().access.region}:aws:image/debian-12-x86/x.x.x`;
      const arn = await stage.begin('bootstrapping', { parentImage });
      await vi.waitUntil(async () => (await findBootstraps()) !== '', { timeout: 60_000, interval: 100 });
      await wait(2_000);
      await builder.end('SIGKILL');
      await vi.waitUntil(async () => (await findBootstraps()) === '', { timeout: 3_000, interval: 100 });
      await stage.client.send(new CancelImageCreationCommand({ imageBuildVersionArn: arn }));
    } finally {
      await builder.end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('while it sends an image sends all of it at its next start, and no moving tag before', {
    timeout: 300_000,
  }, async () => {
    const silent = createServer(() => {});
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const repositories = [`${stage.registry.address}/sending`, `127.0.0.1:${port}/sent-elsewhere`];
    const { distributionConfigurationArn } = await stage.client.send(
      new CreateDistributionConfigurationCommand({
        name: 'sending',
        distributions: repositories.map((repositoryName, index) => ({
          region: [server().access.region, 'eu-west-1'][index],
          containerDistributionConfiguration: {
            targetRepository: { service: 'ECR', repositoryName },
            containerTags: ['latest'],
          },
        })),
      }),
    );
    const { folder, start, tag } = await prepareBuilder();
    let builder = start();
    let relay: Server | null = null;
    try {
      await tag(builder);
      const arn = await stage.begin('sending', {}, { distributionConfigurationArn });
      const heldOpen = once(silent, 'connection').then(([socket]) => socket as Socket);
      const connection = await heldOpen;
      await builder.end('SIGKILL');
      expect(await listTags('sending')).toEqual(['1.0.0-1']);
      connection.destroy();
      silent.close();
      relay = await startRelay(`127.0.0.1:${port}`, stage.registry.address);
      builder = start();
      const ended = await stage.await(arn);
      expect([ended.status, ended.reason, ended.record.attempts]).toEqual(['AVAILABLE', undefined, 2]);
      expect(await listTags('sending')).toEqual(['1.0.0-1', 'latest']);
      expect(await listTags('sent-elsewhere')).toEqual(['1.0.0-1', 'latest']);
      expect(await listLeftovers({ folder })).toEqual([]);
    } finally {
      await builder.end('SIGTERM');
      silent.close();
      relay?.close();
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
