import { createPublicKey, randomUUID, verify } from 'node:crypto';
import { GetCommandInvocationCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { authorizationText, GetSigningKey, SignedAuthorization } from '@patchbay/contracts';
import { contentDigest } from '@patchbay/facts/digest';
import { builtInDocuments } from '@patchbay/patching';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readError, readSuccess } from '../../test-support/send-request.ts';
import { enrolNode, type TestNode } from '../../test-support/test-node.ts';
import { withTestServer } from '../../test-support/test-server.ts';

const Payload = z.object({
  CommandId: z.string(),
  DocumentName: z.string(),
  DocumentContent: z.unknown(),
  Parameters: z.record(z.string(), z.array(z.string())),
  CloudWatchOutputEnabled: z.literal('false'),
  PatchbayAuthorization: SignedAuthorization,
});

describe('the messages of a node', () => {
  const server = withTestServer();

  async function send(node: TestNode, Parameters: Record<string, string[]> = { commands: ['true'] }) {
    const { Command } = await server().ssm.send(
      new SendCommandCommand({ DocumentName: 'AWS-RunShellScript', InstanceIds: [node.instanceId], Parameters }),
    );
    const commandId = Command?.CommandId ?? '';
    return { commandId, messageId: `aws.ssm.${commandId}.${node.instanceId}` };
  }
  async function resultOf(node: TestNode, CommandId: string) {
    return await server().ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId: node.instanceId }));
  }

  it('wait in a long poll that ends the moment a command is sent', async () => {
    const node = await enrolNode(server());
    const startedAt = performance.now();
    const poll = node.getMessages();
    const { messageId } = await send(node);
    expect((await poll).map((message) => message.MessageId)).toEqual([messageId]);
    expect(performance.now() - startedAt).toBeLessThan(1_400);
  });

  it('are none when the poll ends without a command', async () => {
    const node = await enrolNode(server());
    const startedAt = performance.now();
    expect(await node.getMessages()).toEqual([]);
    expect(performance.now() - startedAt).toBeGreaterThan(1_400);
  });

  it('carry the whole command in the form that the SSM Agent reads', async () => {
    const node = await enrolNode(server());
    const { commandId, messageId } = await send(node, { commands: ['echo "ä"'] });
    const [message] = await node.getMessages();
    expect(message).toMatchObject({
      MessageId: messageId,
      Destination: node.instanceId,
      Topic: 'aws.ssm.sendCommand.us-east-1',
      CreatedDate: server().now().toISOString(),
    });
    expect(message?.CreatedDate).toHaveLength(24);
    expect(JSON.parse(message?.Payload ?? '')).toMatchObject({
      CommandId: commandId,
      DocumentName: 'AWS-RunShellScript',
      DocumentContent: builtInDocuments['AWS-RunShellScript'],
      Parameters: { commands: ['echo "ä"'] },
    });
  });

  it('are signed with the key of the installation, over document, parameters, node and expiry', async () => {
    const node = await enrolNode(server());
    const { commandId } = await send(node, { commands: ['id'] });
    const [message] = await node.getMessages();
    const payload = Payload.parse(JSON.parse(message?.Payload ?? ''));
    const { keyId, publicKey, algorithm } = await node.patchbay(GetSigningKey, {});
    const { authorization, signature, keyId: usedKeyId } = payload.PatchbayAuthorization;
    expect({ usedKeyId, algorithm }).toEqual({ usedKeyId: keyId, algorithm: 'Ed25519' });
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    const isSigned = (text: string) => verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
    expect(isSigned(authorizationText(authorization))).toBe(true);
    expect(isSigned(authorizationText({ ...authorization, nodeId: 'mi-00000000000000000' }))).toBe(false);
    expect(authorization).toEqual({
      kind: 'command',
      nodeId: node.instanceId,
      commandId,
      documentName: 'AWS-RunShellScript',
      documentDigest: contentDigest(payload.DocumentContent),
      parametersDigest: contentDigest(payload.Parameters),
      expiresAt: new Date(server().now().getTime() + 7_200_000).toISOString(),
    });
  });

  it('come again after the visibility time-out until they are acknowledged', async () => {
    const start = server().now();
    const node = await enrolNode(server());
    const { messageId } = await send(node);
    expect(await node.getMessages({ hiddenSeconds: 30 })).toHaveLength(1);
    server().advance({ seconds: 29 });
    expect(await node.getMessages()).toEqual([]);
    server().advance({ seconds: 1 });
    expect((await node.getMessages({ hiddenSeconds: 30 })).map((message) => message.MessageId)).toEqual([messageId]);
    await node.acknowledge(messageId);
    await node.acknowledge(messageId);
    server().advance({ seconds: 31 });
    expect(await node.getMessages()).toEqual([]);
    server().setNow(start);
  });

  it('are handed out one at a time, oldest first, never twice to polls at the same moment', async () => {
    const start = server().now();
    const node = await enrolNode(server());
    const first = await send(node);
    server().advance({ seconds: 1 });
    const second = await send(node);
    const polls = await Promise.all([node.getMessages(), node.getMessages(), node.getMessages()]);
    const ids = polls.flat().map((message) => message.MessageId);
    expect(ids).toHaveLength(2);
    expect(new Set(ids)).toEqual(new Set([first.messageId, second.messageId]));
    server().setNow(start);
  });

  it('belong to one node: another can neither fetch, acknowledge, answer, fail nor delete them', async () => {
    const [node, other] = [await enrolNode(server()), await enrolNode(server())];
    const { commandId, messageId } = await send(node);
    await node.getMessages();
    const fetched = await other.callEc2Messages('GetMessages', {
      Destination: node.instanceId,
      MessagesRequestId: randomUUID(),
    });
    expect(readError(fetched).code).toBe('AccessDeniedException');
    for (const [operation, input] of [
      ['AcknowledgeMessage', {}],
      ['SendReply', { ReplyId: 'r', Payload: JSON.stringify({ documentStatus: 'Success' }) }],
      ['FailMessage', { FailureType: 'NoHandlerExists' }],
      ['DeleteMessage', {}],
    ] as const) {
      const answer = await other.callEc2Messages(operation, { MessageId: messageId, ...input });
      expect(readError(answer).code).toBe('InvocationDoesNotExist');
    }
    expect(await resultOf(node, commandId)).toMatchObject({ Status: 'Pending', ResponseCode: -1 });
  });

  it('cannot be answered before they were delivered', async () => {
    const node = await enrolNode(server());
    const { commandId, messageId } = await send(node);
    await expect(node.reply(messageId, { documentStatus: 'Success' })).rejects.toMatchObject({
      code: 'InvocationDoesNotExist',
    });
    await expect(node.acknowledge('aws.ssm.no-such-message')).rejects.toMatchObject({ code: 'InvocationDoesNotExist' });
    expect(await resultOf(node, commandId)).toMatchObject({ Status: 'Pending' });
  });

  it('are answered step by step, whatever order the replies come in, and twice without harm', async () => {
    const node = await enrolNode(server());
    const { commandId, messageId } = await send(node);
    await node.getMessages();
    const step = {
      status: 'Success',
      code: 0,
      startDateTime: '2026-11-20T12:00:00.000Z',
      endDateTime: '2026-11-20T12:00:01.500Z',
      standardOutput: 'done',
      standardError: 'a warning',
    };
    const progress = { documentStatus: 'InProgress', runtimeStatus: { runShellScript: step, other: step } };
    await node.reply(messageId, progress);
    await node.reply(messageId, { documentStatus: 'InProgress', runtimeStatus: null });
    await node.reply(messageId, progress);
    await node.reply(messageId, { documentStatus: 'Success', runtimeStatus: {} });
    const expected = {
      Status: 'Success',
      StatusDetails: 'Success',
      PluginName: 'runShellScript',
      ResponseCode: 0,
      ExecutionStartDateTime: '2026-11-20T12:00:00.000Z',
      ExecutionEndDateTime: '2026-11-20T12:00:01.500Z',
      ExecutionElapsedTime: 'PT1.5S',
      StandardOutputContent: 'done',
      StandardErrorContent: 'a warning',
    };
    expect(await resultOf(node, commandId)).toMatchObject(expected);
    // Late and repeated replies answer like the first, so that the agent stops sending them, and change nothing.
    const late = { status: 'Failed', code: 1, standardOutput: 'other' };
    await node.reply(messageId, { documentStatus: 'Failed', runtimeStatus: { runShellScript: late } });
    await node.reply(messageId, progress);
    expect(await resultOf(node, commandId)).toMatchObject(expected);
  });

  it('can be answered with bytes that no database stores as text', async () => {
    const node = await enrolNode(server());
    const { commandId, messageId } = await send(node);
    await node.getMessages();
    await node.reply(messageId, {
      documentStatus: 'Success',
      documentTraceOutput: 'trace\0',
      runtimeStatus: {
        runShellScript: { status: 'Success', code: 0, standardOutput: 'a\0b', standardError: '\ud800' },
      },
    });
    expect(await resultOf(node, commandId)).toMatchObject({
      Status: 'Success',
      StandardOutputContent: 'a\ufffdb',
      StandardErrorContent: '\ufffd',
    });
  });

  it.each([
    [3_221_225_477, 2_147_483_647],
    [-(2 ** 52), -2_147_483_648],
  ])('can be answered with the exit code %i and times that no database stores', async (code, ResponseCode) => {
    const node = await enrolNode(server());
    const { commandId, messageId } = await send(node);
    await node.getMessages();
    const [startDateTime, endDateTime] = ['-271821-04-20T00:00:00Z', '+275760-09-13T00:00:00Z'];
    await node.reply(messageId, {
      documentStatus: 'Failed',
      runtimeStatus: { runShellScript: { status: 'Failed', code, startDateTime, endDateTime, standardOutput: 'kept' } },
    });
    const result = await resultOf(node, commandId);
    expect(result).toMatchObject({ Status: 'Failed', ResponseCode, StandardOutputContent: 'kept' });
    expect(result.ExecutionStartDateTime).toBe('');
  });

  it.each([
    ['no JSON', 'text'],
    ['a JSON text of another shape', '[]'],
    ['a status of another type', '{"documentStatus":7}'],
  ])('are not answered by %s', async (_title, Payload) => {
    const node = await enrolNode(server());
    const { commandId, messageId } = await send(node);
    await node.getMessages();
    const answer = await node.callEc2Messages('SendReply', { MessageId: messageId, ReplyId: 'r', Payload });
    expect(readError(answer).code).toBe('ValidationException');
    expect(await resultOf(node, commandId)).toMatchObject({ Status: 'Pending' });
  });

  it('are fetched where the node already is', async () => {
    const node = await enrolNode(server());
    expect(readSuccess(await node.callEc2Messages('GetEndpoint', { Destination: node.instanceId }))).toEqual({
      Endpoint: '',
      Protocol: 'https',
    });
  });
});
