import { ListCommandInvocationsCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { enrolNode, type TestNode } from '../../../test-support/test-node.ts';
import { withTestServer } from '../../../test-support/test-server.ts';
import { sweepCommands } from './sweep.ts';

describe('nodes that patch at once', () => {
  const server = withTestServer({ mostPatchingNodes: 2 });

  async function send(tag: string, DocumentName = 'AWS-RunPatchBaseline'): Promise<string> {
    const { Command } = await server().ssm.send(
      new SendCommandCommand({
        DocumentName,
        Parameters: DocumentName === 'AWS-RunPatchBaseline' ? { Operation: ['Scan'] } : { commands: ['true'] },
        Targets: [{ Key: 'tag:Crowd', Values: [tag] }],
        MaxConcurrency: '100%',
      }),
    );
    return Command?.CommandId ?? '';
  }
  const enrol = (tag: string) => enrolNode(server(), { tags: { Crowd: tag } });
  async function take(nodes: readonly TestNode[]): Promise<TestNode[]> {
    const taken: TestNode[] = [];
    for (const node of nodes) {
      const [message] = await node.getMessages();
      if (!message) continue;
      await node.acknowledge(message.MessageId);
      taken.push(node);
    }
    return taken;
  }
  const end = (node: TestNode, commandId: string) =>
    node.reply(`aws.ssm.${commandId}.${node.instanceId}`, {
      documentStatus: 'Success',
      runtimeStatus: { PatchLinux: { status: 'Success', code: 0, standardOutput: '' } },
    });

  it('are no more than there is room for, over all commands, and each end lets another begin', async () => {
    const first = [await enrol('first'), await enrol('first'), await enrol('first')];
    const second = [await enrol('second')];
    const one = await send('first');
    const other = await send('second');
    const began = await take([...first, ...second]);
    expect(began).toHaveLength(2);
    for (const node of began) await end(node, one);
    const third = await take(first);
    expect(third).toHaveLength(1);
    expect(await take(second)).toEqual([]);
    // Nothing of the other command is under way, so that the sweep brings it forward.
    await sweepCommands(server().database, server().dependencies);
    expect(await take(second)).toHaveLength(1);
    for (const node of third) await end(node, one);
    for (const node of second) await end(node, other);
    const { CommandInvocations } = await server().ssm.send(new ListCommandInvocationsCommand({ CommandId: other }));
    expect(CommandInvocations).toMatchObject([{ Status: 'Success' }]);
  });

  it('do not count while they are offline and have not got their command', async () => {
    await enrol('away');
    await enrol('away');
    server().advance({ minutes: 30 });
    await send('away');
    const here = await enrol('here');
    await send('here');
    expect(await take([here])).toHaveLength(1);
  });

  it('leave other documents alone', async () => {
    const nodes = [await enrol('scripts'), await enrol('scripts'), await enrol('scripts')];
    await send('scripts', 'AWS-RunShellScript');
    expect(await take(nodes)).toHaveLength(3);
  });
});
