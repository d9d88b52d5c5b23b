import { SendCommandCommand, type SendCommandCommandInput } from '@aws-sdk/client-ssm';
import { beforeAll, describe, expect, it } from 'vitest';
import { readError } from '../../../test-support/send-request.ts';
import { enrolNode, type TestNode } from '../../../test-support/test-node.ts';
import { OTHER_REGION, withTestServer } from '../../../test-support/test-server.ts';

describe('sending a command', () => {
  const server = withTestServer();
  let offline: TestNode;
  let web: TestNode;
  let both: TestNode;
  let silent: TestNode;
  let elsewhere: TestNode;

  beforeAll(async () => {
    offline = await enrolNode(server(), { tags: { PatchGroup: 'Web' } });
    server().advance({ minutes: 12 });
    web = await enrolNode(server(), { tags: { PatchGroup: 'Web' }, name: 'web-1' });
    both = await enrolNode(server(), { tags: { PatchGroup: 'Web', Stage: 'test' } });
    silent = await enrolNode(server(), { isOnline: false });
    elsewhere = await enrolNode(server(), { region: OTHER_REGION, tags: { PatchGroup: 'Web' } });
  });

  async function send(input: Partial<SendCommandCommandInput>) {
    const { Command } = await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunPatchBaseline',
        Parameters: { Operation: ['Scan'] },
        ...input,
      }),
    );
    return Command;
  }

  async function targetsOf(input: Partial<SendCommandCommandInput>): Promise<string[]> {
    const command = await send(input);
    const rows = await server()
      .database.selectFrom('commandInvocations')
      .select('instanceId')
      .where('commandId', '=', command?.CommandId ?? '')
      .orderBy('instanceId')
      .execute();
    return rows.map((row) => row.instanceId);
  }

  const sorted = (...nodes: TestNode[]) => nodes.map((node) => node.instanceId).sort();

  it('answers with the whole command', async () => {
    const requestedAt = server().now();
    expect(await send({ InstanceIds: [web.instanceId], Comment: 'nightly', TimeoutSeconds: 600 })).toEqual({
      CommandId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      DocumentName: 'AWS-RunPatchBaseline',
      DocumentVersion: '$DEFAULT',
      Comment: 'nightly',
      InstanceIds: [web.instanceId],
      Targets: [],
      Parameters: { Operation: ['Scan'] },
      RequestedDateTime: requestedAt,
      ExpiresAfter: new Date(requestedAt.getTime() + (600 + 7200) * 1000),
      TimeoutSeconds: 600,
      MaxConcurrency: '50',
      MaxErrors: '0',
      Status: 'Pending',
      StatusDetails: 'Pending',
      TargetCount: 1,
      CompletedCount: 0,
      ErrorCount: 0,
      DeliveryTimedOutCount: 0,
      OutputS3BucketName: '',
      OutputS3KeyPrefix: '',
      ServiceRole: '',
    });
  });

  it('goes to the nodes that have a tag, also those that are offline', async () => {
    const Targets = [{ Key: 'tag:PatchGroup', Values: ['Web', 'Db'] }];
    expect(await targetsOf({ Targets })).toEqual(sorted(offline, web, both));
  });

  it('goes to the nodes that meet all of several targets', async () => {
    expect(
      await targetsOf({
        Targets: [
          { Key: 'tag:PatchGroup', Values: ['Web'] },
          { Key: 'tag-key', Values: ['Stage'] },
        ],
      }),
    ).toEqual(sorted(both));
    expect(
      await targetsOf({
        Targets: [
          { Key: 'tag:PatchGroup', Values: ['Web'] },
          { Key: 'InstanceIds', Values: [web.instanceId, silent.instanceId] },
        ],
      }),
    ).toEqual(sorted(web));
    expect(
      await targetsOf({
        Targets: [
          { Key: 'InstanceIds', Values: [both.instanceId, web.instanceId] },
          { Key: 'InstanceIds', Values: [web.instanceId, silent.instanceId] },
        ],
      }),
    ).toEqual(sorted(web));
  });

  it('goes to every node of the region with InstanceIds *', async () => {
    expect(await targetsOf({ Targets: [{ Key: 'InstanceIds', Values: ['*'] }] })).toEqual(
      sorted(offline, web, both, silent),
    );
  });

  it('ends at once when no node has the tag, which is no error', async () => {
    expect(await send({ Targets: [{ Key: 'tag:PatchGroup', Values: ['Nobody'] }] })).toMatchObject({
      Status: 'Failed',
      StatusDetails: 'NoInstancesInTag',
      TargetCount: 0,
    });
  });

  async function refusal(input: Partial<SendCommandCommandInput>): Promise<string> {
    const before = await server()
      .database.selectFrom('commands')
      .select((row) => row.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    const name = await send(input).then(
      () => 'accepted',
      (error: Error) => error.name,
    );
    const after = await server()
      .database.selectFrom('commands')
      .select((row) => row.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    expect(after).toEqual(before);
    return name;
  }

  it('is refused as a whole when one of the named nodes is offline, unknown, elsewhere or named twice', async () => {
    const ids = (...nodes: TestNode[]) => ({ InstanceIds: nodes.map((node) => node.instanceId) });
    expect(await refusal(ids(web, offline))).toBe('InvalidInstanceId');
    expect(await refusal(ids(web, silent))).toBe('InvalidInstanceId');
    expect(await refusal(ids(elsewhere))).toBe('InvalidInstanceId');
    expect(await refusal({ InstanceIds: ['mi-00000000000000000'] })).toBe('InvalidInstanceId');
    expect(await refusal(ids(web, web))).toBe('DuplicateInstanceId');
  });

  it.each<[string, Partial<SendCommandCommandInput>, string]>([
    ['neither nodes nor targets', {}, 'ValidationException'],
    [
      'a target by something unknown',
      { Targets: [{ Key: 'resource-groups:Name', Values: ['x'] }] },
      'ValidationException',
    ],
    // No value must never mean any value: this would patch every tagged node.
    ['a tag without values', { Targets: [{ Key: 'tag:PatchGroup', Values: [] }] }, 'ValidationException'],
    ['an unknown document', { DocumentName: 'AWS-Unknown', InstanceIds: ['web'] }, 'InvalidDocument'],
    ['an unknown version', { DocumentVersion: '7', InstanceIds: ['web'] }, 'InvalidDocumentVersion'],
    ['a missing parameter', { Parameters: {}, InstanceIds: ['web'] }, 'InvalidParameters'],
    [
      'an unknown parameter',
      { Parameters: { Operation: ['Scan'], Colour: ['red'] }, InstanceIds: ['web'] },
      'InvalidParameters',
    ],
    [
      'a value that is not allowed',
      { Parameters: { Operation: ['Delete'] }, InstanceIds: ['web'] },
      'InvalidParameters',
    ],
    [
      'two values for one',
      { Parameters: { Operation: ['Scan', 'Install'] }, InstanceIds: ['web'] },
      'InvalidParameters',
    ],
    ['a bucket', { OutputS3BucketName: 'bucket', InstanceIds: ['web'] }, 'ValidationException'],
    ['the hash of another content', { DocumentHash: 'a'.repeat(64), InstanceIds: ['web'] }, 'InvalidDocument'],
    [
      'a deprecated hash',
      { DocumentHash: 'a'.repeat(40), DocumentHashType: 'Sha1', InstanceIds: ['web'] },
      'ValidationException',
    ],
    ['a bad concurrency', { MaxConcurrency: '0', InstanceIds: ['web'] }, 'ValidationException'],
    ['a bad percentage', { MaxErrors: '101%', InstanceIds: ['web'] }, 'ValidationException'],
    ['too short a time', { TimeoutSeconds: 29, InstanceIds: ['web'] }, 'ValidationException'],
  ])('is refused with %s', async (_title, input, name) => {
    const InstanceIds = input.InstanceIds && [web.instanceId];
    expect(await refusal({ ...input, InstanceIds })).toBe(name);
  });

  it('is refused with nodes and targets at once', async () => {
    expect(
      await refusal({
        InstanceIds: [web.instanceId],
        Targets: [{ Key: 'tag:PatchGroup', Values: ['Web'] }],
      }),
    ).toBe('ValidationException');
  });

  it('is not for nodes to do', async () => {
    const answer = await web.callSsm('SendCommand', {
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: [both.instanceId],
      Parameters: { commands: ['id'] },
    });
    expect(readError(answer).code).toBe('AccessDeniedException');
  });
});
