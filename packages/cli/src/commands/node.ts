import { GetNode, ListManagedNodes, type ManagedNode, ReleaseNode, RenameNode } from '@patchbay/contracts';
import { DEFAULT_DATA_DIRECTORY } from '@patchbay/server';
import { Command, Option } from 'commander';
import { accessFromEnvironment, readAdministratorAccess } from '../administrator-access.ts';
import { type ControlPlaneClient, createControlPlaneClient } from '../control-plane-client.ts';

interface Flags {
  readonly data?: string;
  readonly output: 'table' | 'json';
}

async function connect(flags: Flags): Promise<ControlPlaneClient> {
  const fromEnvironment = flags.data === undefined ? accessFromEnvironment(process.env) : undefined;
  return createControlPlaneClient(
    fromEnvironment ?? (await readAdministratorAccess(flags.data ?? DEFAULT_DATA_DIRECTORY)),
  );
}

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

function show(nodes: readonly ManagedNode[], { output }: Flags): void {
  if (output === 'json') console.log(JSON.stringify(nodes, null, 2));
  else for (const node of nodes) console.log(describeNode(node));
}

const withAccess = (command: Command): Command =>
  command
    .option('--data <directory>', 'data directory of the control plane, where AWS_ENDPOINT_URL is not set')
    .addOption(new Option('--output <format>', 'how to print it').choices(['table', 'json']).default('table'));

/** `patchbay node`: nodes as AWS's operations cannot show or change them. */
export const nodeCommand = new Command('node').description('Show nodes, name them, release them from quarantine');

withAccess(nodeCommand.command('list'))
  .description('List nodes, with what is wrong with them')
  .option('--all', 'archived and deregistered ones too', false)
  .action(async (flags: Flags & { readonly all: boolean }) => {
    const client = await connect(flags);
    const nodes: ManagedNode[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.call(ListManagedNodes, {
        includeArchived: flags.all,
        includeDeregistered: flags.all,
        nextToken,
      });
      nodes.push(...page.nodes);
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    show(nodes, flags);
  });

withAccess(nodeCommand.command('show <instance-id>'))
  .description('Show one node')
  .action(async (instanceId: string, flags: Flags) => {
    show([await (await connect(flags)).call(GetNode, { instanceId })], flags);
  });

withAccess(nodeCommand.command('rename <instance-id> <name>'))
  .description('Give a node another name')
  .action(async (instanceId: string, name: string, flags: Flags) => {
    await (await connect(flags)).call(RenameNode, { instanceId, name });
  });

withAccess(nodeCommand.command('release <instance-id>'))
  .description('End the quarantine of a node: the machine that speaks next is the node')
  .action(async (instanceId: string, flags: Flags) => {
    await (await connect(flags)).call(ReleaseNode, { instanceId });
    console.log(`${instanceId} is released. It is the machine that speaks next; stop any other that has its state.`);
  });
