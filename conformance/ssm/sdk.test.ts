import {
  CreatePatchBaselineCommand,
  DescribeActivationsCommand,
  DescribeInstancePatchStatesCommand,
  DoesNotExistException,
  GetCommandInvocationCommand,
  GetPatchBaselineCommand,
  IdempotentParameterMismatch,
  InvocationDoesNotExist,
  paginateDescribePatchBaselines,
  SendCommandCommand,
  SSMServiceException,
  waitUntilCommandExecuted,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { enrolNode } from '../../packages/server/src/test-support/test-node.ts';
import { withRealServer } from './real-server.ts';

// Source: sdk-schema, @aws-sdk/client-ssm; the answers are those that
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/ documents.
describe('@aws-sdk/client-ssm', () => {
  const server = withRealServer();

  it('gets typed exceptions with the message, the request id and the fault', async () => {
    const error = await server()
      .ssm.send(new GetPatchBaselineCommand({ BaselineId: 'pb-00000000000000000' }))
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DoesNotExistException);
    expect(error).toMatchObject({
      $fault: 'client',
      message: expect.stringContaining('pb-00000000000000000'),
      $metadata: { httpStatusCode: 400, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
    await expect(
      server().ssm.send(
        new GetCommandInvocationCommand({
          CommandId: '00000000-0000-4000-8000-000000000000',
          InstanceId: 'mi-00000000000000000',
        }),
      ),
    ).rejects.toBeInstanceOf(InvocationDoesNotExist);
  });

  it('pages with its own paginator', async () => {
    const names: (string | undefined)[] = [];
    for await (const page of paginateDescribePatchBaselines({ client: server().ssm, pageSize: 3 }, {})) {
      names.push(...(page.BaselineIdentities ?? []).map((identity) => identity.BaselineName));
    }
    expect(names).toHaveLength(17);
    expect(new Set(names).size).toBe(17);
  });

  it('fills in a client token of its own, and keeps to one that it is given', async () => {
    const input = { Name: 'with-token', OperatingSystem: 'DEBIAN' } as const;
    const first = await server().ssm.send(new CreatePatchBaselineCommand(input));
    const second = await server().ssm.send(new CreatePatchBaselineCommand(input));
    expect(second.BaselineId).not.toBe(first.BaselineId);
    const ClientToken = 'a-token';
    const third = await server().ssm.send(new CreatePatchBaselineCommand({ ...input, ClientToken }));
    const fourth = await server().ssm.send(new CreatePatchBaselineCommand({ ...input, ClientToken }));
    expect(fourth.BaselineId).toBe(third.BaselineId);
    await expect(
      server().ssm.send(new CreatePatchBaselineCommand({ ...input, Name: 'other', ClientToken })),
    ).rejects.toBeInstanceOf(IdempotentParameterMismatch);
  });

  it('corrects a wrong clock of its own by the Date of the answer', async () => {
    const client = server().createClient(server().administrator);
    client.config.systemClockOffset = -3_600_000;
    const { ActivationList, $metadata } = await client.send(new DescribeActivationsCommand({}));
    expect(ActivationList).toEqual([]);
    expect($metadata.attempts).toBe(2);
  });

  it('waits for a command with its own waiter', async () => {
    const node = await enrolNode(server());
    const { Command } = await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [node.instanceId],
        Parameters: { commands: ['true'] },
      }),
    );
    const waiting = waitUntilCommandExecuted(
      { client: server().ssm, maxWaitTime: 30, minDelay: 1, maxDelay: 1 },
      { CommandId: Command?.CommandId, InstanceId: node.instanceId },
    );
    const [message] = await node.getMessages();
    await node.reply(message?.MessageId ?? '', {
      documentStatus: 'Success',
      runtimeStatus: { runShellScript: { status: 'Success', code: 0 } },
    });
    expect((await waiting).state).toBe('SUCCESS');
  });

  it('does not try again what is refused for good', async () => {
    const error = await server()
      .ssm.send(new DescribeInstancePatchStatesCommand({ InstanceIds: [], MaxResults: 9 }))
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SSMServiceException);
    expect(error).toMatchObject({ name: 'ValidationException', $metadata: { attempts: 1 } });
  });
});
