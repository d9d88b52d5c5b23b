import {
  CreateDocumentCommand,
  DeleteDocumentCommand,
  DescribeDocumentCommand,
  GetCommandInvocationCommand,
  SendCommandCommand,
  type SendCommandCommandInput,
  UpdateDocumentCommand,
  UpdateDocumentDefaultVersionCommand,
} from '@aws-sdk/client-ssm';
import { contentDigest } from '@patchbay/facts/digest';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readError, readSuccess } from '../../../test-support/send-request.ts';
import { enrolNode, type TestNode } from '../../../test-support/test-node.ts';
import { withTestServer } from '../../../test-support/test-server.ts';

const Payload = z.object({
  DocumentName: z.string(),
  DocumentContent: z.looseObject({ schemaVersion: z.string() }),
  Parameters: z.unknown(),
  PatchbayDocuments: z.record(z.string(), z.unknown()).optional(),
  PatchbayAuthorization: z.object({
    authorization: z.object({ documentDigest: z.string(), nestedDigest: z.string().optional() }),
  }),
});

const script = (...runCommand: string[]) => ({
  schemaVersion: '2.2',
  parameters: {
    place: { type: 'String', default: '/srv', allowedPattern: '^/[a-z/]*$' },
    count: { type: 'Integer', default: 1 },
  },
  mainSteps: [{ action: 'aws:runShellScript', name: 'speak', inputs: { runCommand } }],
});

describe('a command with a document of one’s own', () => {
  const server = withTestServer();
  let node: TestNode;
  beforeAll(async () => {
    node = await enrolNode(server());
  });
  const create = (Name: string, content: object) =>
    server().ssm.send(new CreateDocumentCommand({ Name, Content: JSON.stringify(content) }));
  const update = (Name: string, content: object) =>
    server().ssm.send(
      new UpdateDocumentCommand({ Name, Content: JSON.stringify(content), DocumentVersion: '$LATEST' }),
    );
  const send = async (DocumentName: string, more: Partial<SendCommandCommandInput> = {}) =>
    (await server().ssm.send(new SendCommandCommand({ DocumentName, InstanceIds: [node.instanceId], ...more })))
      .Command;
  async function receive() {
    const [message] = await node.getMessages();
    return Payload.parse(JSON.parse(message?.Payload ?? ''));
  }

  it('carries it to the node under the signature', async () => {
    await create('Say', script('echo {{ place }}'));
    const command = await send('Say', { Parameters: { place: ['/opt'] } });
    expect(command).toMatchObject({ DocumentName: 'Say', DocumentVersion: '$DEFAULT' });
    const { DocumentContent, DocumentName, PatchbayAuthorization } = await receive();
    expect(DocumentName).toBe('Say');
    expect(DocumentContent).toEqual(script('echo {{ place }}'));
    expect(PatchbayAuthorization.authorization.documentDigest).toBe(contentDigest(DocumentContent));
    const invocation = await server().ssm.send(
      new GetCommandInvocationCommand({
        CommandId: command?.CommandId,
        InstanceId: node.instanceId,
        PluginName: 'speak',
      }),
    );
    expect(invocation).toMatchObject({ DocumentName: 'Say', PluginName: 'speak' });
  });

  it('runs what the document said when it was sent, whatever becomes of that meanwhile', async () => {
    await create('Changing', script('echo one'));
    await send('Changing');
    await update('Changing', script('echo two'));
    await server().ssm.send(new UpdateDocumentDefaultVersionCommand({ Name: 'Changing', DocumentVersion: '2' }));
    await send('Changing', { DocumentVersion: '1' });
    await send('Changing');
    await server().ssm.send(new DeleteDocumentCommand({ Name: 'Changing' }));
    const lines = [];
    for (let count = 0; count < 3; count += 1) lines.push((await receive()).DocumentContent);
    expect(lines).toEqual([script('echo one'), script('echo one'), script('echo two')]);
  });

  it('is refused where a version, the hash or a parameter does not fit', async () => {
    await create('Strict', script('echo {{ place }}'));
    const { Document } = await server().ssm.send(new DescribeDocumentCommand({ Name: 'Strict' }));
    await send('Strict', { DocumentHash: Document?.Hash, DocumentHashType: 'Sha256' });
    await receive();
    for (const [more, name] of [
      [{ DocumentHash: '0'.repeat(64) }, 'InvalidDocument'],
      [{ DocumentVersion: '2' }, 'InvalidDocumentVersion'],
      [{ Parameters: { place: ['relative'] } }, 'InvalidParameters'],
      [{ Parameters: { count: ['many'] } }, 'InvalidParameters'],
      [{ Parameters: { colour: ['red'] } }, 'InvalidParameters'],
    ] as const) {
      await expect(send('Strict', more as Partial<SendCommandCommandInput>)).rejects.toMatchObject({ name });
    }
    await create('Elsewhere', {
      schemaVersion: '2.2',
      mainSteps: [{ action: 'aws:psModule', name: 'only', inputs: {} }],
    });
    await expect(send('Elsewhere')).rejects.toMatchObject({ name: 'UnsupportedPlatformType' });
    await expect(send('Nowhere')).rejects.toMatchObject({ name: 'InvalidDocument' });
  });

  it('is refused where a step, or a document that it runs, refers to Parameter Store', async () => {
    await create('StoreInStep', script('echo {{ ssm:secret }}'));
    await expect(send('StoreInStep')).rejects.toMatchObject({
      name: 'InvalidParameters',
      message: expect.stringMatching(/The step speak refers to Parameter Store/),
    });
    const inner = { documentType: 'SSMDocument', documentPath: 'StoreInStep' };
    await create('StoreBelow', {
      schemaVersion: '2.2',
      mainSteps: [{ action: 'aws:runDocument', name: 'call', inputs: inner }],
    });
    await expect(send('StoreBelow')).rejects.toMatchObject({ message: expect.stringMatching(/Parameter Store/) });
  });

  it('is refused where the default of a map refers to Parameter Store, unless another value is given', async () => {
    const url = '{{ssm:secret}}';
    for (const [type, value] of [
      ['StringMap', { url }],
      ['MapList', [{ url }]],
    ] as const) {
      const name = `StoreIn${type}`;
      await create(name, { ...script('true'), parameters: { where: { type, default: value } } });
      await expect(send(name)).rejects.toMatchObject({
        name: 'InvalidParameters',
        message: expect.stringMatching(/Parameter where refers to Parameter Store/),
      });
      await send(name, { Parameters: { where: ['{"url":"http://archive.test"}'] } });
      expect((await receive()).Parameters).toEqual({ where: ['{"url":"http://archive.test"}'] });
    }
  });

  it('brings along the documents that its steps run, with the parameters that they are given', async () => {
    await create('Inner', { ...script('echo {{ place }}'), parameters: { place: { type: 'String' } } });
    const call = (documentParameters: unknown) => ({
      schemaVersion: '2.2',
      mainSteps: [
        {
          action: 'aws:runDocument',
          name: 'call',
          inputs: { documentType: 'SSMDocument', documentPath: 'Inner', documentParameters },
        },
        {
          action: 'aws:downloadContent',
          name: 'fetch',
          inputs: { sourceType: 'SSMDocument', sourceInfo: '{"name":"AWS-RunShellScript"}' },
        },
      ],
    });
    await create('Outer', call({ place: '/srv' }));
    await send('Outer');
    const { PatchbayDocuments, PatchbayAuthorization } = await receive();
    expect(Object.keys(PatchbayDocuments ?? {})).toEqual(['Inner', 'AWS-RunShellScript']);
    expect(PatchbayAuthorization.authorization.nestedDigest).toBe(contentDigest(PatchbayDocuments));
    await create('Without', call({}));
    await expect(send('Without')).rejects.toMatchObject({
      name: 'InvalidDocument',
      message: expect.stringMatching(/place is required/),
    });
  });

  it('does not follow documents that run each other without end', async () => {
    const loop = (documentPath: string) => ({
      schemaVersion: '2.2',
      mainSteps: [{ action: 'aws:runDocument', name: 'go', inputs: { documentType: 'SSMDocument', documentPath } }],
    });
    await create('Loop', loop('Loop'));
    await expect(send('Loop')).rejects.toMatchObject({ message: expect.stringMatching(/deeper than 3/) });
  });

  it('may be a hook of patching', async () => {
    await create('Drain', script('echo drained'));
    const hooks = { Operation: ['Install'], PreInstallHookDocName: ['Drain'] };
    await send('AWS-RunPatchBaselineWithHooks', { Parameters: hooks });
    const { PatchbayDocuments } = await receive();
    expect(PatchbayDocuments).toMatchObject({ Drain: script('echo drained'), 'AWS-Noop': {} });
  });

  it('lets its node read the document, and no other node', async () => {
    await create('Ours', script('true'));
    const get = (asker: TestNode) => asker.callSsm('GetDocument', { Name: 'Ours' });
    expect((await get(node)).statusCode).toBe(400);
    await send('Ours');
    expect(readSuccess(await get(node))).toMatchObject({ Name: 'Ours' });
    expect((await get(await enrolNode(server()))).statusCode).toBe(400);
  });

  it('tells a node without such work neither whether a document is there nor which versions it has', async () => {
    await create('Hidden', script('true'));
    const stranger = await enrolNode(server());
    const arn = `arn:aws:ssm:us-east-1:${server().accountId}:document/`;
    const ask = async (Name: string, more: object) =>
      readError(await stranger.callSsm('GetDocument', { Name, ...more }));
    for (const prefix of ['', arn]) {
      for (const more of [{}, { DocumentVersion: '7' }, { VersionName: 'none' }]) {
        const refusal = await ask(`${prefix}Hidden`, more);
        expect(refusal).toMatchObject({ code: 'InvalidDocument' });
        expect(refusal.message.replace('Hidden', 'Nobody')).toBe((await ask(`${prefix}Nobody`, more)).message);
      }
    }
    expect(await ask('AWS-RunShellScript', { DocumentVersion: '7' })).toMatchObject({ code: 'InvalidDocumentVersion' });
  });
});
