import { GetNode, ListManagedNodes, type ManagedNode, ReleaseNode, RenameNode } from '@patchbay/contracts';
import { Command } from 'commander';
import {
  type AccessFlags,
  collectPages,
  connect,
  type OutputFlags,
  print,
  withAccess,
  withOutput,
} from '../control-plane-options.ts';

type Flags = AccessFlags & OutputFlags;

/** One line on a node: what it is, how it is, and why it needs somebody. */
export function describeNode(node: ManagedNode): string {
  const state = node.quarantine === null ? node.state : `quarantined (${node.state})`;
  const parts = [node.instanceId, node.name ?? '-', state, `last ping ${node.lastPingAt ?? 'never'}`];
  if (node.clockSkewSeconds !== null && Math.abs(node.clockSkewSeconds) >= 60) {
    parts.push(
      `its clock is ${node.clockSkewSeconds > 0 ? 'ahead' : 'behind'} by ${Math.abs(node.clockSkewSeconds)} s`,
    );
  }
  if (node.previousInstanceId !== null) parts.push(`was ${node.previousInstanceId}`);
  if (node.nextInstanceId !== null) parts.push(`is now ${node.nextInstanceId}`);
  if (node.quarantine !== null) parts.push(node.quarantine.reason);
  return parts.join('  ');
}

/** `patchbay node`: nodes as AWS's operations cannot show or change them. */
export const nodeCommand = new Command('node').description('Show nodes, name them, release them from quarantine');

withOutput(withAccess(nodeCommand.command('list')))
  .description('List nodes, with what is wrong with them')
  .option('--all', 'archived and deregistered ones too', false)
  .action(async (flags: Flags & { readonly all: boolean }) => {
    const client = await connect(flags);
    const { all } = flags;
    const nodes = await collectPages(async (nextToken) => {
      const page = await client.call(ListManagedNodes, { includeArchived: all, includeDeregistered: all, nextToken });
      return { entries: page.nodes, nextToken: page.nextToken };
    });
    print(nodes, flags, () => (nodes.length === 0 ? ['There are no nodes.'] : nodes.map(describeNode)));
  });

withOutput(withAccess(nodeCommand.command('show <instance-id>')))
  .description('Show one node')
  .action(async (instanceId: string, flags: Flags) => {
    const client = await connect(flags);
    print(await client.call(GetNode, { instanceId }), flags, (node) => [describeNode(node)]);
  });

withAccess(nodeCommand.command('rename <instance-id> <name>'))
  .description('Give a node another name')
  .action(async (instanceId: string, name: string, flags: AccessFlags) => {
    await (await connect(flags)).call(RenameNode, { instanceId, name });
    console.log(`${instanceId} is called ${name}.`);
  });

withAccess(nodeCommand.command('release <instance-id>'))
  .description('End the quarantine of a node: the machine that speaks next is the node')
  .action(async (instanceId: string, flags: AccessFlags) => {
    await (await connect(flags)).call(ReleaseNode, { instanceId });
    console.log(`${instanceId} is released. It is the machine that speaks next; stop any other that has its state.`);
  });
