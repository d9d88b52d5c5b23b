import { ListCommandsCommand, PutParameterCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Principal } from '../../../operations/principal.ts';
import { enrolNode, type TestNode } from '../../../test-support/test-node.ts';
import { createPerson } from '../../../test-support/test-people.ts';
import { TEST_REGION, withTestServer } from '../../../test-support/test-server.ts';
import { resolveReferences } from './references.ts';

const Delivered = z.object({ Parameters: z.record(z.string(), z.array(z.string())) });

describe('what a command refers to in Parameter Store', () => {
  const server = withTestServer();
  let node: TestNode;

  const put = async (Name: string, Value: string, Type: 'String' | 'StringList' | 'SecureString' = 'String') =>
    await server().ssm.send(new PutParameterCommand({ Name, Value, Type, Overwrite: true }));
  const send = async (
    Parameters: Record<string, string[]>,
    DocumentName = 'AWS-RunShellScript',
    ssm = server().ssm,
  ) => {
    const { Command } = await ssm.send(
      new SendCommandCommand({ DocumentName, Parameters, InstanceIds: [node.instanceId] }),
    );
    return Command?.CommandId ?? '';
  };
  const delivered = async () => {
    const [message] = await node.getMessages();
    await node.acknowledge(message?.MessageId ?? '');
    return Delivered.parse(JSON.parse(message?.Payload ?? '')).Parameters;
  };
  const usedBy = async (commandId: string) =>
    await server()
      .database.selectFrom('commandParameters')
      .select(['name', 'version'])
      .where('commandId', '=', commandId)
      .orderBy('name')
      .orderBy('version')
      .execute();

  beforeAll(async () => {
    node = await enrolNode(server(), { tags: { PatchGroup: 'web' } });
    await put('/app/greeting', 'good morning');
    await put('/app/greeting', 'good evening');
    await put('steps', 'true, date,id', 'StringList');
    await put('/app/secret', 'hunter2', 'SecureString');
    await put('operation', 'Scan');
  });

  it('is written in when the command is sent, with the versions noted, and stays so', async () => {
    const commandId = await send({
      commands: ['echo {{ssm:/app/greeting}} {{ ssm:/app/greeting:1 }}', '{{ssm:steps}}', 'echo {{ssm:steps}}'],
      executionTimeout: ['60'],
    });
    await put('/app/greeting', 'too late');
    const commands = ['echo good evening good morning', 'true', 'date', 'id', 'echo true, date,id'];
    expect(await delivered()).toEqual({ commands, executionTimeout: ['60'] });
    expect(await usedBy(commandId)).toEqual([
      { name: '/app/greeting', version: 1 },
      { name: '/app/greeting', version: 2 },
      { name: 'steps', version: 1 },
    ]);
    const { Commands } = await server().ssm.send(new ListCommandsCommand({ CommandId: commandId }));
    expect(Commands?.[0]?.Parameters?.['commands']).toEqual(commands);
  });

  it('is not looked for in values that were written in', async () => {
    await server()
      .database.updateTable('parameterVersions')
      .set({ value: '{{ssm:operation}}' })
      .where('name', '=', '/app/greeting')
      .where('version', '=', 1)
      .execute();
    await send({ commands: ['{{ssm:/app/greeting:1}}'] });
    expect(await delivered()).toEqual({ commands: ['{{ssm:operation}}'] });
  });

  it('is refused where it is a secret, not there, or no name at all, and nothing is sent', async () => {
    for (const [text, message] of [
      ['{{ssm:/app/secret}}', /SecureString/],
      ['{{ssm-secure:/app/secret}}', /not supported/],
      ['{{ssm:/app/nothing}}', /does not exist/],
      ['{{ssm:/app/greeting:99}}', /does not exist/],
      ['{{ssm:}}', /does not exist/],
      ['{{ ssm:a b }}', /does not exist/],
    ] as const) {
      await expect(send({ commands: [text] })).rejects.toMatchObject({
        name: 'InvalidParameters',
        message: expect.stringMatching(message),
      });
    }
    expect(await node.getMessages()).toEqual([]);
    expect(server().errorLog).toEqual([]);
  });

  it('is bounded', async () => {
    await put('long', 'x'.repeat(4096));
    await expect(send({ commands: ['{{ssm:long}}'.repeat(65)] })).rejects.toMatchObject({ name: 'InvalidParameters' });
    const many = Array.from({ length: 101 }, (_, index) => `{{ssm:operation:${'0'.repeat(index)}1}}`);
    await expect(send({ commands: many })).rejects.toMatchObject({ name: 'InvalidParameters' });
  });

  it('takes that the sender may read it, which somebody with limits may not', async () => {
    const limits = [{ key: 'PatchGroup', values: ['web'] }];
    const operator = server().createClient(await createPerson(server(), 'op', 'operator'));
    const limited = server().createClient(await createPerson(server(), 'limited', 'operator', limits));
    const patch = (ssm: typeof operator, name = 'operation') =>
      send({ Operation: [`{{ssm:${name}}}`] }, 'AWS-RunPatchBaseline', ssm);
    await patch(operator);
    expect(await delivered()).toMatchObject({ Operation: ['Scan'] });
    for (const name of ['operation', 'no-such-parameter']) {
      await expect(patch(limited, name)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    }
    // As an override of the baseline it takes what an override takes.
    await expect(
      send({ Operation: ['Scan'], BaselineOverride: ['{{ssm:operation}}'] }, 'AWS-RunPatchBaseline', operator),
    ).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('may be the default of a parameter of the document, for as long as none is given', async () => {
    const principal: Principal = {
      kind: 'user',
      accountId: server().accountId,
      userName: 'administrator',
      accessKeyId: server().administrator.accessKeyId,
      bindings: [{ role: 'administrator', tagLimits: [] }],
    };
    const { accountId, database: db } = server();
    const context = { db, accountId, region: TEST_REGION, now: server().now(), principal };
    const document = {
      steps: { type: 'StringList', default: ['{{ssm:steps}}', 'end'] },
      operation: { type: 'String', default: 'do {{ ssm:operation:1 }}' },
      other: { type: 'String', default: 'plain' },
    } as const;
    const parameters = { ...document, steps: { ...document.steps, default: [...document.steps.default] } };
    expect(await resolveReferences(parameters, { operation: ['mine'] }, context)).toEqual({
      given: { operation: ['mine'], steps: ['true', 'date', 'id', 'end'] },
      used: [expect.objectContaining({ name: 'steps', version: 1 })],
    });
    expect((await resolveReferences(parameters, { steps: [] }, context)).given).toEqual({
      steps: [],
      operation: ['do Scan'],
    });
    expect(await resolveReferences(parameters, { steps: ['x'], operation: ['{{ssm:steps}}'] }, context)).toMatchObject({
      given: { operation: ['true, date,id'] },
    });
  });
});
