import { randomUUID } from 'node:crypto';
import {
  CreatePatchBaselineCommand,
  GetDeployablePatchSnapshotForInstanceCommand,
  type GetDeployablePatchSnapshotForInstanceCommandInput,
  RegisterPatchBaselineForPatchGroupCommand,
  UpdatePatchBaselineCommand,
} from '@aws-sdk/client-ssm';
import { parseBaselineFile } from '@patchbay/patching';
import { beforeAll, describe, expect, it } from 'vitest';
import { applyRetention } from '../../../retention/apply-retention.ts';
import { defaultRetention } from '../../../retention/retention-policy.ts';
import { sampleFacts } from '../../../test-support/sample-facts.ts';
import { readError, readSuccess, sendRaw } from '../../../test-support/send-request.ts';
import { enrolNode, type TestNode } from '../../../test-support/test-node.ts';
import { TEST_START, withTestServer } from '../../../test-support/test-server.ts';

interface SnapshotDocument {
  readonly CreatedDate: string;
  readonly BaselineRevision: number;
  readonly Baseline: Record<string, unknown>;
}

describe('deployable patch snapshots', () => {
  const server = withTestServer();
  let baselineId: string;
  let first: TestNode;
  let second: TestNode;

  async function nodeOf(patchGroup: string): Promise<TestNode> {
    const node = await enrolNode(server(), { tags: { PatchGroup: patchGroup } });
    await node.submitFacts(sampleFacts());
    return node;
  }
  async function ask(
    node: TestNode,
    SnapshotId: string,
    more: Partial<GetDeployablePatchSnapshotForInstanceCommandInput> = {},
  ) {
    return await server().ssm.send(
      new GetDeployablePatchSnapshotForInstanceCommand({ InstanceId: node.instanceId, SnapshotId, ...more }),
    );
  }
  async function fetchUrl(url = '') {
    const { origin, pathname, search } = new URL(url);
    expect(origin).toBe(server().url);
    return await sendRaw(server().url, { method: 'GET', path: `${pathname}${search}` });
  }
  async function read(url: string | undefined): Promise<SnapshotDocument> {
    const answer = await fetchUrl(url);
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/json']);
    return JSON.parse(answer.text) as SnapshotDocument;
  }
  async function rename(Name: string): Promise<void> {
    await server().ssm.send(new UpdatePatchBaselineCommand({ BaselineId: baselineId, Name }));
  }

  beforeAll(async () => {
    const { BaselineId = '' } = await server().ssm.send(
      new CreatePatchBaselineCommand({
        Name: 'snapshot-1',
        OperatingSystem: 'DEBIAN',
        ApprovedPatches: ['openssl'],
        RejectedPatches: ['vim'],
      }),
    );
    baselineId = BaselineId;
    await server().ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup: 'Web' }));
    [first, second] = [await nodeOf('Web'), await nodeOf('Web')];
  });

  it('lead to a document with the baseline of the node', async () => {
    const SnapshotId = randomUUID();
    const { $metadata: _metadata, ...answer } = await ask(first, SnapshotId);
    expect(answer).toEqual({
      InstanceId: first.instanceId,
      SnapshotId,
      SnapshotDownloadUrl: expect.stringContaining('/downloads/patch-snapshots/'),
      Product: 'Debian12',
    });
    const document = await read(answer.SnapshotDownloadUrl);
    expect(document).toMatchObject({
      SnapshotId,
      AccountId: server().accountId,
      Region: 'us-east-1',
      PatchGroup: 'Web',
      OperatingSystem: 'DEBIAN',
      CreatedDate: TEST_START.toISOString(),
      BaselineRevision: 1,
      Baseline: { BaselineId: baselineId, Name: 'snapshot-1', ApprovedPatches: ['openssl'], RejectedPatches: ['vim'] },
    });
    expect(parseBaselineFile(document.Baseline)).toMatchObject({ baselineId, rejectedPatches: ['vim'] });
  });

  it('are frozen for the whole group, whatever becomes of the baseline', async () => {
    const SnapshotId = randomUUID();
    const before = await read((await ask(first, SnapshotId)).SnapshotDownloadUrl);
    await rename('snapshot-changed');
    expect(await read((await ask(second, SnapshotId.toUpperCase())).SnapshotDownloadUrl)).toEqual(before);
    const after = await read((await ask(second, randomUUID())).SnapshotDownloadUrl);
    expect(after.Baseline.Name).toBe('snapshot-changed');
    await rename('snapshot-1');
  });

  it('are one when many nodes ask at the same moment, and another one for another group', async () => {
    const SnapshotId = randomUUID();
    const asked = [first, second, first, second, first, second].map((node) => ask(node, SnapshotId));
    const paths = (await Promise.all(asked)).map((answer) => new URL(answer.SnapshotDownloadUrl ?? '').pathname);
    expect(new Set(paths).size).toBe(1);
    const other = await ask(await nodeOf('Db'), SnapshotId);
    expect(paths).not.toContain(new URL(other.SnapshotDownloadUrl ?? '').pathname);
    expect((await read(other.SnapshotDownloadUrl)).Baseline).toMatchObject({
      BaselineId: expect.stringContaining('arn:aws:ssm:us-east-1:'),
    });
  });

  it('have addresses for a day that are given out anew for three, after which the id makes another one', async () => {
    const SnapshotId = randomUUID();
    const { SnapshotDownloadUrl: old } = await ask(first, SnapshotId);
    server().advance({ hours: 23, minutes: 59 });
    expect((await fetchUrl(old)).statusCode).toBe(200);
    server().advance({ minutes: 1 });
    const refused = await fetchUrl(old);
    expect([refused.statusCode, refused.text]).toEqual([403, expect.stringContaining('expired')]);
    server().advance({ hours: 47, minutes: 59 });
    const late = (await ask(first, SnapshotId)).SnapshotDownloadUrl;
    expect((await read(late)).CreatedDate).toBe(TEST_START.toISOString());
    server().advance({ minutes: 1 });
    const again = await read((await ask(first, SnapshotId)).SnapshotDownloadUrl);
    expect(again.CreatedDate).toBe(server().now().toISOString());
    server().advance({ hours: 23 });
    expect((await read(late)).CreatedDate).toBe(TEST_START.toISOString());
    server().setNow(TEST_START);
  });

  it('hold an override for the node that brought it, and for no other', async () => {
    const SnapshotId = randomUUID();
    const BaselineOverride = { OperatingSystem: 'DEBIAN' as const, ApprovedPatches: ['bash'] };
    const own = await read((await ask(first, SnapshotId, { BaselineOverride })).SnapshotDownloadUrl);
    expect(own).toMatchObject({
      BaselineRevision: 0,
      Baseline: { Name: 'BaselineOverride', ApprovedPatches: ['bash'] },
    });
    const changed = { ...BaselineOverride, ApprovedPatches: ['zsh'] };
    expect(await read((await ask(first, SnapshotId, { BaselineOverride: changed })).SnapshotDownloadUrl)).toEqual(own);
    expect((await read((await ask(second, SnapshotId)).SnapshotDownloadUrl)).Baseline.Name).toBe('snapshot-1');
    for (const wrong of [
      { OperatingSystem: 'UBUNTU' } as const,
      { OperatingSystem: 'DEBIAN', GlobalFilters: { PatchFilters: [{ Key: 'PRIORITY', Values: ['All'] }] } } as const,
      {},
    ]) {
      const BaselineOverride = wrong as GetDeployablePatchSnapshotForInstanceCommandInput['BaselineOverride'];
      await expect(ask(first, randomUUID(), { BaselineOverride })).rejects.toMatchObject({
        name: 'ValidationException',
      });
    }
  });

  it('are given to nodes about themselves only', async () => {
    const input = (InstanceId: string) => ({ InstanceId, SnapshotId: randomUUID() });
    const answer = readSuccess(
      await first.callSsm('GetDeployablePatchSnapshotForInstance', input(first.instanceId)),
    ) as { SnapshotDownloadUrl: string };
    await read(answer.SnapshotDownloadUrl);
    expect(readError(await first.callSsm('GetDeployablePatchSnapshotForInstance', input(second.instanceId))).code).toBe(
      'AccessDeniedException',
    );
  });

  it('are refused for nodes that nobody knows, or whose system nobody knows, and for other ids', async () => {
    const code = async (InstanceId: string, SnapshotId: string = randomUUID()) =>
      readError(await server().call('AmazonSSM.GetDeployablePatchSnapshotForInstance', { InstanceId, SnapshotId }))
        .code;
    expect(await code('mi-00000000000000000')).toBe('InvalidInstanceId');
    const silent = await enrolNode(server());
    expect(await code(silent.instanceId)).toBe('UnsupportedOperatingSystem');
    await silent.submitFacts(sampleFacts({ operatingSystem: { operatingSystem: null, prettyName: 'Plan 9' } }));
    expect(await code(silent.instanceId)).toBe('UnsupportedOperatingSystem');
    expect(await code(first.instanceId, 'nightly')).toBe('ValidationException');
  });

  it('are not found by guessing', async () => {
    const { SnapshotDownloadUrl = '' } = await ask(first, randomUUID());
    for (const url of [
      SnapshotDownloadUrl.replace(/expires=\d/, 'expires=9'),
      SnapshotDownloadUrl.replace(/&signature.*/, ''),
      SnapshotDownloadUrl.replace('patch-snapshots/', 'patch-snapshots/../patch-snapshots/x'),
      `${server().url}/downloads/patch-snapshots/${randomUUID()}`,
      `${server().url}/downloads/constructor/toString`,
    ]) {
      expect((await fetchUrl(url)).statusCode).toBe(403);
    }
    await server().database.deleteFrom('patchSnapshots').execute();
    expect((await fetchUrl(SnapshotDownloadUrl)).statusCode).toBe(404);
  });

  it('are forgotten after a month', async () => {
    const count = async () =>
      (await server().database.selectFrom('patchSnapshots').select('snapshotKey').execute()).length;
    await ask(first, randomUUID());
    const before = await count();
    server().advance({ hours: 31 * 24 });
    await ask(first, randomUUID());
    await applyRetention(server().database, defaultRetention, server().now());
    expect([before > 0, await count()]).toEqual([true, 1]);
    server().setNow(TEST_START);
  });
});
