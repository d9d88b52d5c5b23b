import { sign } from 'node:crypto';
import { authorizationText, type ContainerBuildOrder, type ImageBuildOrder } from '@patchbay/contracts';
import { contentDigest } from '@patchbay/facts/digest';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ServerError, UnreachableError } from '../client/index.ts';
import { createTestSigningKey, nodeId } from '../test-support/signed-commands.ts';
import { createTestTimers } from '../test-support/test-timers.ts';
import { type BuildLoopParts, takeBuilds } from './build-loop.ts';

const key = createTestSigningKey();

function writeOrder(imageId: string) {
  const order: ContainerBuildOrder = {
    kind: 'build',
    imageId,
    leaseId: 'lease',
    imageBuildVersionArn: imageId,
    name: 'app',
    version: '1.0.0/1',
    containerRecipeArn: 'arn',
    parent: { kind: 'managed', name: 'debian-12' },
    template: '',
    workingDirectory: '/tmp',
    components: [],
    isTested: true,
    targets: [],
    labels: {},
    allowedHosts: [],
    timeoutSeconds: 3600,
  };
  const authorization = {
    kind: 'image-build',
    nodeId,
    imageId,
    orderDigest: contentDigest(order),
    expiresAt: '2026-11-22T10:01:30Z',
  } as const;
  const signature = sign(null, Buffer.from(authorizationText(authorization)), key.privateKey).toString('base64');
  return { order, authorization: { authorization, keyId: key.keyId, signature } };
}

const nothing = { order: null, authorization: null };

interface Stage {
  readonly concurrency?: number;
  /** What comes of each call, in turn; an error is thrown. Nothing comes after the last until the end. */
  readonly answers: readonly (object | Error)[];
  readonly build?: (order: ImageBuildOrder, slot: number) => Promise<void>;
}

function openStage({ concurrency = 1, answers, build = async () => {} }: Stage) {
  const timers = createTestTimers();
  const stopping = new AbortController();
  const logged: string[] = [];
  const built: string[] = [];
  const left = [...answers];
  const client: BuildLoopParts['client'] = {
    now: () => timers.now(),
    callPatchbay: async (contract) => {
      const next = left.shift();
      if (next instanceof Error) throw next;
      if (next !== undefined) return contract.output.parse(next);
      await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve, { once: true }));
      throw new UnreachableError('ABORTED', 'stopped');
    },
  };
  const running = takeBuilds({
    client,
    instanceId: nodeId,
    key,
    tools: [],
    build: async (order, slot) => {
      built.push(`${order.imageId} in ${slot}`);
      await build(order, slot);
    },
    concurrency,
    log: ({ message }) => logged.push(message),
    timers,
    signal: stopping.signal,
  });
  const stop = async () => {
    stopping.abort();
    await running;
  };
  onTestFinished(stop);
  return { timers, logged, built, stop };
}

describe('a builder that asks for builds', () => {
  it('builds one after the other without a pause', async () => {
    const { built, timers } = openStage({ answers: [writeOrder('one'), writeOrder('two')] });
    await vi.waitFor(() => expect(built).toEqual(['one in 0', 'two in 0']));
    expect(timers.slept).toEqual([]);
  });

  it('builds so many at once as it is told, and no more', async () => {
    const ends: (() => void)[] = [];
    const build = () => new Promise<void>((resolve) => ends.push(resolve));
    const answers = ['one', 'two', 'three'].map(writeOrder);
    const { built } = openStage({ concurrency: 2, answers, build });
    await vi.waitFor(() => expect(built).toHaveLength(2));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(built).toEqual(['one in 0', 'two in 1']);
    ends[1]?.();
    await vi.waitFor(() => expect(built).toEqual(['one in 0', 'two in 1', 'three in 1']));
    for (const end of ends) end();
  });

  it('does not ask without end where answers come at once', async () => {
    const { timers } = openStage({ answers: [nothing, nothing] });
    await vi.waitFor(() => expect(timers.slept).toEqual([2_000, 2_000]));
  });

  it('waits longer and longer while nobody answers, and says so once', async () => {
    const away = () => new UnreachableError('NOT_CONNECTED', 'refused');
    const { timers, logged, built } = openStage({ answers: [away(), away(), away(), writeOrder('one')] });
    await vi.waitFor(() => expect(built).toHaveLength(1));
    expect(timers.slept).toEqual([750, 1_500, 3_000]);
    expect(logged).toEqual([
      expect.stringContaining('No build can be taken for now'),
      'Builds can be taken again.',
      'Building one',
    ]);
  });

  it('asks once a minute while it is no builder', async () => {
    const { timers } = openStage({ answers: [new ServerError('ValidationException', 'no builder', 400)] });
    await vi.waitFor(() => expect(timers.slept).toEqual([60_000]));
  });

  it('begins nothing that was not signed for it, and goes on', async () => {
    const { order } = writeOrder('forged');
    const answers = [{ order, authorization: null }, writeOrder('right')];
    const { built, logged } = openStage({ answers });
    await vi.waitFor(() => expect(built).toEqual(['right in 0']));
    expect(logged[0]).toContain('not signed');
  });

  it('goes on after a build that could not even begin', async () => {
    const build = async ({ imageId }: ImageBuildOrder) => {
      if (imageId === 'one') throw new Error('no room');
    };
    const { built, logged } = openStage({ answers: [writeOrder('one'), writeOrder('two')], build });
    await vi.waitFor(() => expect(built).toEqual(['one in 0', 'two in 0']));
    expect(logged.join('\n')).toContain('no room');
  });

  it('ends at once when it is told to', async () => {
    const { stop, logged } = openStage({ answers: [] });
    await stop();
    expect(logged).toEqual([]);
  });
});
