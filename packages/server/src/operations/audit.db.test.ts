import {
  CreateActivationCommand,
  CreatePatchBaselineCommand,
  DeleteActivationCommand,
  DescribeActivationsCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it } from 'vitest';
import { enrolNode, registerNode } from '../test-support/test-node.ts';
import { TEST_REGION, withTestServer } from '../test-support/test-server.ts';

describe('the audit trail', () => {
  const server = withTestServer();
  // The trail is read in the order of time.
  beforeEach(() => server().advance({ seconds: 1 }));
  const last = async (action: string) => (await server().auditEvents(action)).at(-1);

  it('says who did what, from where, when, and that it succeeded', async () => {
    const answer = await server().ssm.send(
      new CreatePatchBaselineCommand({ Name: 'audited', OperatingSystem: 'DEBIAN', ClientToken: 't' }),
    );
    expect(await last('ssm:CreatePatchBaseline')).toEqual({
      accountId: server().accountId,
      region: TEST_REGION,
      eventId: expect.any(String),
      happenedAt: server().now(),
      principal: `arn:aws:iam::${server().accountId}:user/administrator`,
      action: 'ssm:CreatePatchBaseline',
      resource: '*',
      sourceAddress: '127.0.0.1',
      requestId: answer.$metadata.requestId,
      result: 'success',
      input: { name: 'audited', operatingSystem: 'DEBIAN', clientToken: 't' },
    });
  });

  it('keeps what failed, with the code of the error', async () => {
    const id = '00000000-0000-4000-8000-000000000000';
    await expect(server().ssm.send(new DeleteActivationCommand({ ActivationId: id }))).rejects.toThrow(id);
    expect(await last('ssm:DeleteActivation')).toMatchObject({
      result: 'InvalidActivationId',
      resource: `arn:aws:ssm:us-east-1:${server().accountId}:activation/${id}`,
      input: { activationId: id },
    });
  });

  it('keeps what was refused by validation after the caller was known', async () => {
    await expect(
      server().ssm.send(
        new CreatePatchBaselineCommand({
          Name: 'bad-filter',
          GlobalFilters: { PatchFilters: [{ Key: 'SECTION', Values: ['x'] }] },
        }),
      ),
    ).rejects.toMatchObject({ name: 'ValidationException' });
    expect(await last('ssm:CreatePatchBaseline')).toMatchObject({ result: 'ValidationException' });
  });

  it('keeps what could not even be read, without its input', async () => {
    await server().call('AmazonSSM.CreatePatchBaseline', '{"Name":');
    expect(await last('ssm:CreatePatchBaseline')).toMatchObject({
      principal: `arn:aws:iam::${server().accountId}:user/administrator`,
      result: 'SerializationException',
      resource: '*',
      input: {},
    });
    server().advance({ seconds: 1 });
    await server().call('AmazonSSM.CreatePatchBaseline', { Name: 'x' });
    expect(await last('ssm:CreatePatchBaseline')).toMatchObject({ result: 'ValidationException', input: {} });
  });

  it('keeps what was denied, also to nodes', async () => {
    const node = await enrolNode(server());
    await node.callSsm('DescribeActivations', {});
    expect(await last('ssm:DescribeActivations')).toMatchObject({
      principal: expect.stringContaining(node.instanceId),
      result: 'AccessDeniedException',
    });
  });

  it('keeps reads of people, and not the data plane of agents', async () => {
    await server().ssm.send(new DescribeActivationsCommand({}));
    expect(await last('ssm:DescribeActivations')).toMatchObject({ result: 'success' });
    await enrolNode(server());
    expect(await server().auditEvents('ssm:UpdateInstanceInformation')).toEqual([]);
  });

  it('names the account of the activation when a node enrols, or tries to with one that is used up', async () => {
    const { ActivationId: activationId = '', ActivationCode: activationCode = '' } = await server().ssm.send(
      new CreateActivationCommand({ IamRole: 'node' }),
    );
    const expected = {
      accountId: server().accountId,
      region: TEST_REGION,
      principal: 'anonymous',
      resource: `arn:aws:ssm:us-east-1:${server().accountId}:activation/${activationId}`,
    };
    await registerNode(server(), { activationId, activationCode });
    expect(await last('ssm:RegisterManagedInstance')).toMatchObject({ ...expected, result: 'success' });
    server().advance({ seconds: 1 });
    await registerNode(server(), { activationId, activationCode });
    expect(await last('ssm:RegisterManagedInstance')).toMatchObject({ ...expected, result: 'InvalidActivation' });
  });

  it('holds no secret: no activation code, no parameter of a command', async () => {
    const node = await enrolNode(server());
    await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [node.instanceId],
        Parameters: { commands: ['echo a-password'] },
      }),
    );
    const { ActivationId: activationId = '', ActivationCode: activationCode = '' } = await server().ssm.send(
      new CreateActivationCommand({ IamRole: 'node' }),
    );
    await registerNode(server(), { activationId, activationCode });
    await registerNode(server(), { activationId, activationCode });
    const everything = JSON.stringify(await server().auditEvents());
    expect(everything).toContain(activationId);
    expect(everything).not.toContain(activationCode);
    expect(everything).not.toContain('a-password');
    expect(everything).not.toContain(server().administrator.secretAccessKey);
  });
});
