import { createPublicKey, verify } from 'node:crypto';
import {
  CancelImageCreationCommand,
  type ImagebuilderClient,
  ListWorkflowExecutionsCommand,
  RetryImageCommand,
} from '@aws-sdk/client-imagebuilder';
import { authorizationText, GetImageBuildRecord, ListImageBuildLines, TakeImageBuild } from '@patchbay/contracts';
import { contentDigest } from '@patchbay/facts/digest';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  availableOf,
  buildNext,
  completeAs,
  createImageOf,
  digestOf,
  enrolBuilder,
  failedOf,
  readImage,
  report,
  stepsAfter,
  submitImageFacts,
  takeBuildOf,
  takeOrder,
} from '../../aws/imagebuilder/images/images.test-support.ts';
import { createParts, type PipelineParts } from '../../aws/imagebuilder/pipelines/pipelines.test-support.ts';
import { sampleFacts } from '../../test-support/sample-facts.ts';
import { enrolNode, type TestNode } from '../../test-support/test-node.ts';
import { callPatchbay } from '../../test-support/test-people.ts';
import { withTestServer } from '../../test-support/test-server.ts';
import { leaseSeconds } from './service.ts';
import { sweepImageBuilds } from './sweep.ts';

describe('builds and their builders', () => {
  const server = withTestServer();
  let client: ImagebuilderClient;
  let parts: PipelineParts;
  let builder: TestNode;
  let other: TestNode;

  beforeAll(async () => {
    client = server().createImageBuilderClient();
    parts = await createParts(client, 'web');
    [builder, other] = await Promise.all([enrolBuilder(server()), enrolBuilder(server())]);
  });

  beforeEach(async () => {
    await server().database.deleteFrom('images').execute();
  });

  const create = async () => await createImageOf(client, parts);
  const stateOf = async (arn: string) => (await readImage(client, arn)).state;
  const outliveLease = async () => {
    server().advance({ seconds: leaseSeconds + 1 });
    await Promise.all([builder.renew(), other.renew()]);
  };
  const sweep = async () => await sweepImageBuilds(server().database, server().dependencies);
  const record = async (imageBuildVersionArn: string) =>
    await callPatchbay(server(), GetImageBuildRecord, { imageBuildVersionArn });
  const lines = async (imageBuildVersionArn: string, from = 0) =>
    await callPatchbay(server(), ListImageBuildLines, { imageBuildVersionArn, from });
  const lost = { code: 'InvalidResourceId', message: expect.stringContaining("not this builder's any more") };

  describe('taking', () => {
    it('gives the oldest build, signed for the builder that gets it', async () => {
      const first = await create();
      server().advance({ seconds: 1 });
      await create();
      const { order, authorization: signed } = await builder.patchbay(TakeImageBuild, { tools: [] });
      expect(order?.imageBuildVersionArn).toBe(first);
      expect(await stateOf(first)).toEqual({ status: 'BUILDING', reason: `Builder ${builder.instanceId} builds it.` });
      const { signingKey } = server().dependencies;
      const key = createPublicKey({ key: Buffer.from(signingKey.publicKey, 'base64'), format: 'der', type: 'spki' });
      if (signed === null || order === null) throw new Error('There is no order');
      const { authorization, signature } = signed;
      expect(verify(null, Buffer.from(authorizationText(authorization)), key, Buffer.from(signature, 'base64'))).toBe(
        true,
      );
      expect(authorization).toMatchObject({
        kind: 'image-build',
        nodeId: builder.instanceId,
        imageId: order.imageId,
        orderDigest: contentDigest(order),
      });
    });

    it('gives a build to one of several builders', async () => {
      await create();
      await create();
      const orders = await Promise.all([builder, other, builder, other].map(async (each) => await takeOrder(each)));
      const taken = orders.flatMap((order) => order?.imageId ?? []);
      expect(taken).toHaveLength(2);
      expect(new Set(taken).size).toBe(2);
    });

    it('gives nothing to a node that no administrator made a builder', async () => {
      await create();
      const node = await enrolNode(server(), { tags: { 'patchbay:builder': 'yes' } });
      await expect(takeOrder(node)).rejects.toMatchObject({
        code: 'ValidationException',
        message: expect.stringContaining('patchbay:builder=true'),
      });
    });

    it('wakes a builder that waits as soon as there is a build', async () => {
      const waiting = takeOrder(builder, 20);
      const arn = await create();
      expect((await waiting)?.imageBuildVersionArn).toBe(arn);
      expect(await takeOrder(other)).toBeNull();
    });
  });

  describe('reporting', () => {
    it('keeps the steps, and says by them how far the image is', async () => {
      const arn = await create();
      const order = await takeBuildOf(builder);
      const statuses: unknown[] = [];
      for (const ended of [0, 3, 4, 5]) {
        expect(await report(builder, order, { steps: stepsAfter(ended, server().now()) })).toEqual({
          isCancelled: false,
          leaseSeconds,
        });
        statuses.push((await stateOf(arn))?.status);
      }
      expect(statuses).toEqual(['BUILDING', 'BUILDING', 'TESTING', 'DISTRIBUTING']);
      const { workflowExecutions = [] } = await client.send(
        new ListWorkflowExecutionsCommand({ imageBuildVersionArn: arn }),
      );
      expect(workflowExecutions.map(({ type, status }) => [type, status])).toEqual([
        ['BUILD', 'COMPLETED'],
        ['TEST', 'COMPLETED'],
        ['DISTRIBUTION', 'RUNNING'],
      ]);
    });

    it('keeps each line once, however often it is told', async () => {
      const arn = await create();
      const order = await takeBuildOf(builder);
      await report(builder, order, { lines: ['one', 'two'] });
      await report(builder, order, { firstLine: 1, lines: ['two', 'three'] });
      const told = await lines(arn);
      expect(told.lines.map(({ number, text }) => [number, text])).toEqual([
        [0, 'one'],
        [1, 'two'],
        [2, 'three'],
      ]);
      expect([told.next, told.hasEnded]).toEqual([3, false]);
      expect(await lines(arn, 3)).toMatchObject({ lines: [], next: 3, hasEnded: false });
    });

    it('refuses to read from beyond any line', async () => {
      const arn = await create();
      await expect(lines(arn, Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({ code: 'ValidationException' });
    });

    it('keeps no more than 10 MiB of lines, and says that there was more', async () => {
      const arn = await create();
      const order = await takeBuildOf(builder);
      const line = 'x'.repeat(16_000);
      for (let firstLine = 0; firstLine < 700; firstLine += 50) {
        await report(builder, order, { firstLine, lines: Array.from({ length: 50 }, () => line) });
      }
      const { lines: kept } = await lines(arn);
      expect(kept.slice(0, -1).reduce((sum, { text }) => sum + text.length, 0)).toBe(655 * 16_000);
      expect(kept.at(-1)).toMatchObject({ number: 655, stream: 'info', text: expect.stringContaining('10 MiB') });
    });

    it('keeps the lease', async () => {
      await create();
      const order = await takeBuildOf(builder);
      server().advance({ seconds: leaseSeconds - 1 });
      await report(builder, order);
      server().advance({ seconds: leaseSeconds - 1 });
      expect(await takeOrder(other)).toBeNull();
    });
  });

  describe('a builder that is lost', () => {
    it('loses its build to the next, whose lines come after its own', async () => {
      const arn = await create();
      const before = await takeBuildOf(builder);
      await report(builder, before, { steps: stepsAfter(1, server().now()), lines: ['first try', 'dies'] });
      await outliveLease();
      const after = await takeBuildOf(other);
      expect(after).toEqual({ ...before, leaseId: after.leaseId });
      await expect(report(builder, before)).rejects.toMatchObject(lost);
      await expect(completeAs(builder, before, failedOf('late'))).rejects.toMatchObject(lost);
      await expect(submitImageFacts(builder, before)).rejects.toMatchObject(lost);
      await report(other, after, { lines: ['second try'] });
      expect((await lines(arn)).lines.map(({ text }) => text)).toEqual(['first try', 'dies', 'second try']);
      expect(await record(arn)).toMatchObject({ builder: other.instanceId, attempts: 2, status: 'BUILDING' });
    });

    it('ends the image when it is the third in a row', async () => {
      const arn = await create();
      for (const each of [builder, other, builder]) {
        await takeBuildOf(each);
        await outliveLease();
      }
      expect(await takeOrder(other)).toBeNull();
      const { state } = await readImage(client, arn);
      expect(state).toEqual({
        status: 'FAILED',
        reason: `3 builders in a row were lost over it; the last was ${builder.instanceId}.`,
      });
      expect((await record(arn)).steps.every(({ status }) => status === 'SKIPPED')).toBe(true);
    });

    it('is found by the sweep, which wakes another', async () => {
      const arn = await create();
      await takeBuildOf(builder);
      const waiting = takeOrder(other, 20);
      await outliveLease();
      await sweep();
      expect((await waiting)?.imageBuildVersionArn).toBe(arn);
      await outliveLease();
      await takeBuildOf(builder);
      await outliveLease();
      await sweep();
      expect((await stateOf(arn))?.status).toBe('FAILED');
      const ended = await record(arn);
      await sweep();
      expect(await record(arn)).toEqual(ended);
    });
  });

  describe('cancelling', () => {
    const cancel = async (imageBuildVersionArn: string) =>
      await client.send(new CancelImageCreationCommand({ imageBuildVersionArn }));

    it('ends at once what nobody has begun', async () => {
      const arn = await create();
      await cancel(arn);
      expect(await stateOf(arn)).toEqual({
        status: 'CANCELLED',
        reason: 'It was cancelled before a builder began.',
      });
      expect(await takeOrder(builder)).toBeNull();
    });

    it('tells the builder of what runs, which ends it', async () => {
      const arn = await create();
      const order = await takeBuildOf(builder);
      await cancel(arn);
      await cancel(arn);
      expect(await stateOf(arn)).toMatchObject({ status: 'BUILDING', reason: expect.stringContaining('cancelled') });
      expect(await report(builder, order, { steps: stepsAfter(1, server().now()) })).toMatchObject({
        isCancelled: true,
      });
      await completeAs(builder, order, { kind: 'cancelled' });
      expect(await stateOf(arn)).toEqual({ status: 'CANCELLED', reason: 'It was cancelled.' });
      expect((await record(arn)).steps.map(({ status }) => status)).toEqual([
        'COMPLETED',
        'CANCELLED',
        'SKIPPED',
        'SKIPPED',
        'SKIPPED',
        'SKIPPED',
      ]);
      await expect(cancel(arn)).rejects.toMatchObject({ name: 'InvalidRequestException' });
    });

    it('is done by the sweep where the builder was lost', async () => {
      const arn = await create();
      const order = await takeBuildOf(builder);
      await cancel(arn);
      await outliveLease();
      await sweep();
      const { state } = await readImage(client, arn);
      expect(state).toMatchObject({ status: 'CANCELLED', reason: expect.stringContaining('was lost') });
      // It comes back and still holds its lease's id.
      await expect(report(builder, order, { steps: stepsAfter(2, server().now()) })).rejects.toMatchObject(lost);
      expect(await stateOf(arn)).toEqual(state);
      expect(await takeOrder(other)).toBeNull();
    });
  });

  describe('trying again', () => {
    const retry = async (imageBuildVersionArn: string) =>
      await client.send(new RetryImageCommand({ imageBuildVersionArn }));

    it('builds anew what failed when it was sent, under the same number', async () => {
      const arn = await create();
      const before = await takeBuildOf(builder);
      await report(builder, before, { steps: stepsAfter(5, server().now()), lines: ['sent halfway'] });
      await client.send(new CancelImageCreationCommand({ imageBuildVersionArn: arn }));
      await completeAs(builder, before, failedOf('the registry is gone'));
      expect(await record(arn)).toMatchObject({ status: 'FAILED', failure: { message: 'the registry is gone' } });
      expect((await retry(arn)).imageBuildVersionArn).toBe(arn);
      expect(await record(arn)).toMatchObject({ status: 'PENDING', failure: null, attempts: 0, endedAt: null });
      const after = await takeBuildOf(other);
      expect(after).toEqual({ ...before, leaseId: after.leaseId });
      await expect(completeAs(builder, before, failedOf('late'))).rejects.toMatchObject(lost);
      expect(await report(other, after, { lines: ['sent'] })).toMatchObject({ isCancelled: false });
      await completeAs(other, after, availableOf(await submitImageFacts(other, after)));
      expect(await stateOf(arn)).toEqual({ status: 'AVAILABLE' });
      expect((await lines(arn)).lines.map(({ text }) => text)).toEqual(['sent halfway', 'sent']);
    });

    it('is refused where there was nothing to send, or nothing failed', async () => {
      const arn = await create();
      const refused = { name: 'InvalidRequestException' };
      await expect(retry(arn)).rejects.toMatchObject({ ...refused, message: expect.stringContaining('is PENDING') });
      const order = await takeBuildOf(builder);
      await report(builder, order, { steps: stepsAfter(1, server().now()) });
      await completeAs(builder, order, failedOf('does not compile'));
      await expect(retry(arn)).rejects.toMatchObject({
        ...refused,
        message: expect.stringContaining('while it was BUILDING: there is nothing to distribute'),
      });
      expect(await takeOrder(builder)).toBeNull();
    });
  });

  describe('ending', () => {
    it('makes an image available, with its record; the same again changes nothing', async () => {
      const arn = await create();
      const order = await takeBuildOf(builder);
      await report(builder, order, { steps: stepsAfter(5, server().now()) });
      const factsId = await submitImageFacts(builder, order);
      await completeAs(builder, order, availableOf(factsId));
      const image = await readImage(client, arn);
      expect(image).toMatchObject({
        state: { status: 'AVAILABLE' },
        osVersion: 'Debian GNU/Linux 12 (bookworm)',
        outputResources: { containers: [{ region: 'us-east-1', imageUris: ['registry.example/web:1.0.0-1'] }] },
      });
      const ended = await record(arn);
      expect(ended).toMatchObject({ status: 'AVAILABLE', failure: null, record: { digest: digestOf('a') } });
      // The builder could not tell so of the last.
      expect(ended.steps.every(({ status }) => status === 'COMPLETED')).toBe(true);
      server().advance({ minutes: 5 });
      await completeAs(builder, order, availableOf(factsId));
      await completeAs(builder, order, failedOf('too late'));
      await expect(report(builder, order, { steps: stepsAfter(1, server().now()) })).rejects.toMatchObject(lost);
      await expect(submitImageFacts(builder, order)).rejects.toMatchObject(lost);
      expect(await record(arn)).toEqual(ended);
      expect(await readImage(client, arn)).toEqual(image);
    });

    it('takes no facts for an image but its own', async () => {
      await create();
      const order = await takeBuildOf(builder);
      const factsOfNode = await builder.submitFacts(sampleFacts());
      for (const factsId of [factsOfNode, '00000000-0000-4000-8000-000000000000', 'none']) {
        await expect(completeAs(builder, order, availableOf(factsId))).rejects.toMatchObject({
          code: 'DoesNotExistException',
        });
      }
    });

    it('says where a build failed, and what it printed there', async () => {
      const arn = await create();
      const order = await takeBuildOf(builder);
      await report(builder, order, { steps: stepsAfter(1, server().now()) });
      await completeAs(builder, order, failedOf('ended with exit code 2'));
      expect(await stateOf(arn)).toEqual({
        status: 'FAILED',
        reason: 'ApplyBuildComponents (component app 1.0.0/1, phase build, step Say): ended with exit code 2',
      });
      const { failure, steps } = await record(arn);
      expect(failure).toMatchObject({ componentStep: 'Say', output: 'what it printed' });
      expect(steps.map(({ status }) => status).slice(0, 3)).toEqual(['COMPLETED', 'FAILED', 'SKIPPED']);
    });

    it('leaves nothing to take', async () => {
      await create();
      await buildNext(builder);
      await create();
      await buildNext(builder, 'failed');
      await outliveLease();
      expect(await takeOrder(other)).toBeNull();
      await sweep();
      expect(await takeOrder(other)).toBeNull();
    });
  });
});
