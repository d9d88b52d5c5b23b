import {
  CancelCommandCommand,
  GetCommandInvocationCommand,
  SendCommandCommand,
  type SendCommandCommandInput,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { ListChangeFreezes } from '@patchbay/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { listDeliverableNodes } from '../../aws/ssm/commands/deliverable.ts';
import { readError, readSuccess } from '../../test-support/send-request.ts';
import { enrolNode, type TestNode } from '../../test-support/test-node.ts';
import { createPerson } from '../../test-support/test-people.ts';
import { withTestServer } from '../../test-support/test-server.ts';
import { notFrozenAnywhere } from './holds.ts';

const hour = 3_600_000;

describe('what must not start', () => {
  const server = withTestServer();
  const ask = (name: string, input: object) => server().call(`Patchbay.${name}`, input, { service: 'patchbay' });
  const done = async (name: string, input: object) => readSuccess(await ask(name, input));

  async function send(
    nodes: readonly TestNode[],
    input: Partial<SendCommandCommandInput> = {},
    client: SSMClient = server().ssm,
  ): Promise<string> {
    const { Command } = await client.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunPatchBaseline',
        Parameters: { Operation: ['Install'] },
        InstanceIds: nodes.map(({ instanceId }) => instanceId),
        ...input,
      }),
    );
    return Command?.CommandId ?? '';
  }
  const scan = { Parameters: { Operation: ['Scan'] } };

  /** A freeze that holds from now on for an hour. */
  async function freeze(name: string, tags: Readonly<Record<string, string>> = {}): Promise<void> {
    const now = server().now().getTime();
    const [startsAt, endsAt] = [new Date(now - 1000).toISOString(), new Date(now + hour).toISOString()];
    const tagLimits = Object.entries(tags).map(([key, value]) => ({ key, values: [value] }));
    await done('CreateChangeFreeze', {
      name,
      reason: 'The audit',
      time: { kind: 'once', startsAt, endsAt },
      tagLimits,
    });
  }

  afterEach(async () => {
    const { freezes } = ListChangeFreezes.output.parse(await done('ListChangeFreezes', {}));
    for (const { name } of freezes) await done('DeleteChangeFreeze', { name });
    await done('ResumeStarts', { reason: 'end of the test' });
  });

  it('is a change while a freeze holds; the refusal says which, until when, why and what to do', async () => {
    const node = await enrolNode(server());
    await freeze('year-end');
    await expect(send([node])).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(send([node])).rejects.toThrow(/freeze year-end: The audit\. .*patchbay freeze override year-end/);
    await expect(
      send([node], { DocumentName: 'AWS-RunShellScript', Parameters: { commands: ['true'] } }),
    ).rejects.toThrow('year-end');
  });

  it('is not a scan', async () => {
    const node = await enrolNode(server());
    await freeze('year-end');
    await send([node], scan);
    expect(await node.getMessages()).toHaveLength(1);
  });

  it('starts again when the freeze is over', async () => {
    const node = await enrolNode(server());
    await freeze('year-end');
    server().advance({ hours: 1 });
    await node.renew();
    await node.ping();
    expect(await send([node])).not.toBe('');
  });

  it('is what concerns nodes with the tags of a freeze, and nothing else', async () => {
    const frozen = await enrolNode(server(), { tags: { Stage: 'production' } });
    const free = await enrolNode(server(), { tags: { Stage: 'staging' } });
    await freeze('production', { Stage: 'production' });
    await send([free]);
    await expect(send([frozen, free])).rejects.toThrow(`${frozen.instanceId} may not be changed`);
    await expect(
      send([frozen], { InstanceIds: undefined, Targets: [{ Key: 'tag:Stage', Values: ['production'] }] }),
    ).rejects.toThrow('production');
  });

  it('starts for the person who has leave, and for nobody else', async () => {
    const node = await enrolNode(server());
    await freeze('year-end');
    const ada = await createPerson(server(), 'ada', 'operator');
    const { freeze: overridden } = (await done('OverrideChangeFreeze', {
      name: 'year-end',
      reason: 'CVE-2026-1',
    })) as { freeze: { overrides: object[] } };
    expect(overridden.overrides).toMatchObject([{ reason: 'CVE-2026-1' }]);
    expect(await send([node])).not.toBe('');
    expect(await node.getMessages()).toHaveLength(1);
    await expect(send([node], {}, server().createClient(ada))).rejects.toThrow('year-end');
    server().advance({ minutes: 61 });
  });

  it('is held back from a node that has not got it when a freeze begins, and goes on when it ends', async () => {
    const node = await enrolNode(server());
    const commandId = await send([node], { TimeoutSeconds: 7200 });
    await freeze('year-end');
    expect(await node.getMessages()).toEqual([]);
    await done('DeleteChangeFreeze', { name: 'year-end' });
    const [message] = await node.getMessages();
    expect(message?.MessageId).toContain(commandId);
  });

  it('is not offered to the node again and again while a freeze holds it back', async () => {
    const frozen = await enrolNode(server(), { tags: { Stage: 'production' } });
    const free = await enrolNode(server(), { tags: { Stage: 'staging' } });
    await send([frozen, free], { TimeoutSeconds: 7200 });
    const offered = async () => {
      const now = server().now();
      const found = await listDeliverableNodes(server().database, now, await notFrozenAnywhere(server().database, now));
      return found.filter((id) => [frozen.instanceId, free.instanceId].includes(id));
    };
    expect(await offered()).toHaveLength(2);
    await freeze('production', { Stage: 'production' });
    expect(await offered()).toEqual([free.instanceId]);
    await freeze('year-end');
    expect(await offered()).toEqual([]);
  });

  it('is everything while all starts are stopped', async () => {
    const node = await enrolNode(server());
    const waiting = await send([node], { ...scan, TimeoutSeconds: 7200 });
    await done('StopStarts', { reason: 'something is wrong with openssl' });
    await expect(send([node], scan)).rejects.toThrow(/All starts are stopped since .*something is wrong with openssl/);
    expect(await node.getMessages()).toEqual([]);
    await done('ResumeStarts', { reason: 'it was not openssl' });
    const [message] = await node.getMessages();
    expect(message?.MessageId).toContain(waiting);
  });

  it('can be stopped twice and resumed twice', async () => {
    const stopped = (await done('StopStarts', { reason: 'first' })) as object;
    expect(await done('StopStarts', { reason: 'second' })).toEqual(stopped);
    expect(await done('ResumeStarts', { reason: 'enough' })).toEqual({ stopped: null });
    expect(await done('ResumeStarts', { reason: 'enough' })).toEqual({ stopped: null });
  });

  it('does not keep what runs from being cancelled', async () => {
    const node = await enrolNode(server());
    const commandId = await send([node]);
    await node.getMessages({ hiddenSeconds: 1 });
    await node.acknowledge(`aws.ssm.${commandId}.${node.instanceId}`);
    await done('StopStarts', { reason: 'stop' });
    await server().ssm.send(new CancelCommandCommand({ CommandId: commandId }));
    const [message] = await node.getMessages();
    expect(message?.Topic).toContain('cancelCommand');
    const { StatusDetails } = await server().ssm.send(
      new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: node.instanceId }),
    );
    expect(StatusDetails).toBe('Cancelling');
  });

  it.each([
    [{ kind: 'once', startsAt: '2026-01-02T00:00:00Z', endsAt: '2026-01-01T00:00:00Z' }, 'ends after it starts'],
    [{ kind: 'recurring', schedule: 'cron(0 2 * * FRI *)', durationHours: 3 }, '?'],
    [{ kind: 'recurring', schedule: 'rate(1 day)', scheduleTimezone: 'Mars/Base', durationHours: 3 }, 'Mars/Base'],
    [{ kind: 'recurring', schedule: 'rate(1 day)', durationHours: 100_000 }, 'whole hours'],
    [{ kind: 'recurring', schedule: 'rate(1 day)', durationHours: 1 }, 'cron'],
  ])('cannot be told as %j', async (time, message) => {
    const error = readError(await ask('CreateChangeFreeze', { name: 'wrong', reason: 'wrong', time }));
    expect(error.code).toBe('ValidationException');
    expect(error.message).toContain(message);
  });

  it('has one freeze of a name', async () => {
    await freeze('year-end');
    const again = {
      name: 'year-end',
      reason: 'x',
      time: { kind: 'recurring', schedule: 'cron(0 15 ? * FRI *)', durationHours: 1 },
    };
    expect(readError(await ask('CreateChangeFreeze', again)).code).toBe('AlreadyExistsException');
    expect(readError(await ask('DeleteChangeFreeze', { name: 'none' })).code).toBe('DoesNotExistException');
    expect(readError(await ask('OverrideChangeFreeze', { name: 'none', reason: 'x' })).code).toBe(
      'DoesNotExistException',
    );
    const forNoWindow = { name: 'year-end', reason: 'x', windowId: 'mw-00000000000000000' };
    const refusal = readError(await ask('OverrideChangeFreeze', forNoWindow));
    expect(refusal.code).toBe('DoesNotExistException');
    expect(refusal.message).toContain('mw-00000000000000000');
  });
});
