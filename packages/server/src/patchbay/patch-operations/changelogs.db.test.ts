import { CreatePatchBaselineCommand, RegisterPatchBaselineForPatchGroupCommand } from '@aws-sdk/client-ssm';
import { BeginPatchOperation, type ChangelogReading, GetNodeVerdict, SubmitChangelogs } from '@patchbay/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { sampleFacts, securityOffer } from '../../test-support/sample-facts.ts';
import { readError, readSuccess } from '../../test-support/send-request.ts';
import { enrolNode, type TestNode } from '../../test-support/test-node.ts';
import { withTestServer } from '../../test-support/test-server.ts';

const sha256 = 'a'.repeat(64);
const facts = sampleFacts({ offers: [securityOffer('openssl', '3.0.2', '3.0.1')] });
const line = (date: Date) => {
  const [day, dayOfMonth, month, year, time] = date.toUTCString().split(/,? /);
  return ` -- Ann <ann@example.test>  ${day}, ${dayOfMonth} ${month} ${year} ${time} +0000`;
};
const reading = (change: Partial<ChangelogReading> = {}): ChangelogReading => ({
  source: 'openssl',
  sourceVersion: '3.0.2',
  package: { name: 'openssl', architecture: 'amd64', version: '3.0.2', sha256 },
  dateLine: null,
  problem: null,
  ...change,
});

describe('changelogs', () => {
  const server = withTestServer();

  beforeAll(async () => {
    const { BaselineId = '' } = await server().ssm.send(
      new CreatePatchBaselineCommand({
        Name: 'week',
        OperatingSystem: 'DEBIAN',
        ApprovalRules: { PatchRules: [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 7 }] },
      }),
    );
    await server().ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup: 'week' }));
  });

  const enrol = async () => await enrolNode(server(), { tags: { PatchGroup: 'week' } });
  async function begin(node: TestNode) {
    const factsId = await node.submitFacts(facts);
    const request = { factsId, operation: 'Scan', commandId: null, rebootOption: 'NoReboot', snapshotId: '' } as const;
    return await node.patchbay(BeginPatchOperation, request);
  }
  const hoursAgo = (hours: number) => new Date(server().now().getTime() - hours * 3_600_000);
  async function clockOf(node: TestNode) {
    const answer = await server().call(
      'Patchbay.GetNodeVerdict',
      { instanceId: node.instanceId },
      { service: 'patchbay' },
    );
    return GetNodeVerdict.output.parse(readSuccess(answer)).verdict.items[0]?.evidence.clock;
  }

  it('are asked for, and what cannot be read leaves the version undated, with the reason', async () => {
    const node = await enrol();
    const begun = await begin(node);
    expect(begun.targets).toHaveLength(1);
    expect(begun.changelogs).toEqual({
      questions: [
        {
          source: 'openssl',
          sourceVersion: '3.0.2',
          packages: [{ name: 'openssl', architecture: 'amd64', version: '3.0.2', sizeBytes: 1000, sha256 }],
        },
      ],
      packageBytes: 5 * 1024 * 1024,
      runBytes: 100 * 1024 * 1024,
    });
    const { operationId } = begun;
    const readings = [reading({ package: null, problem: 'it holds no changelog' })];
    const after = await node.patchbay(SubmitChangelogs, { operationId, readings });
    expect(after.operationId).toBe(operationId);
    expect(after.targets).toHaveLength(1);
    expect(after.changelogs?.questions).toEqual([]);
    expect(await clockOf(node)).toMatchObject({
      rung: 'undated',
      changelog: { problem: 'it holds no changelog', readBy: node.instanceId },
    });
  });

  it('date a version for every node of the account, and the first date stays', async () => {
    server().advance({ hours: 25 });
    const node = await enrol();
    const { operationId, changelogs } = await begin(node);
    expect(changelogs?.questions).toHaveLength(1);
    const dateLine = line(hoursAgo(30));
    const after = await node.patchbay(SubmitChangelogs, { operationId, readings: [reading({ dateLine })] });
    expect(after.targets).toEqual([]);
    const other = await enrol();
    const begun = await begin(other);
    expect(begun.targets).toEqual([]);
    expect(begun.changelogs?.questions).toEqual([]);
    await other.patchbay(SubmitChangelogs, {
      operationId: begun.operationId,
      readings: [reading({ dateLine: line(hoursAgo(3000)) })],
    });
    expect(await clockOf(other)).toMatchObject({
      rung: 'changelog',
      changelog: { package: 'openssl_3.0.2_amd64', sha256, dateLine, readBy: node.instanceId, problem: null },
    });
  });

  it.each<[string, ChangelogReading, string]>([
    ['a version that the facts do not offer', reading({ sourceVersion: '9', dateLine: 'x' }), 'offer no openssl 9'],
    [
      'a package that is not the offered one',
      reading({
        package: { name: 'openssl', architecture: 'amd64', version: '3.0.2', sha256: 'b'.repeat(64) },
        dateLine: 'x',
      }),
      'with this sum',
    ],
    ['neither date nor problem', reading({ package: null }), 'or a problem'],
  ])('are refused about %s', async (_, given, message) => {
    const node = await enrol();
    const { operationId } = await begin(node);
    const answer = await server().call(
      'Patchbay.SubmitChangelogs',
      { operationId, readings: [given] },
      { service: 'patchbay', credentials: node.credentials },
    );
    expect(readError(answer)).toMatchObject({
      code: 'ValidationException',
      message: expect.stringContaining(message),
    });
  });

  it('are about an operation of the node itself', async () => {
    const { operationId } = await begin(await enrol());
    const stranger = await enrol();
    const answer = await server().call(
      'Patchbay.SubmitChangelogs',
      { operationId, readings: [] },
      { service: 'patchbay', credentials: stranger.credentials },
    );
    expect(readError(answer).code).toBe('DoesNotExistException');
  });
});
