import { readFile } from 'node:fs/promises';
import {
  AddArchiveWatch,
  type ArchiveWatch,
  ListArchiveWatches,
  RefreshArchiveWatch,
  RemoveArchiveWatch,
} from '@patchbay/contracts';
import { OperatingSystem } from '@patchbay/facts';
import { DEFAULT_DATA_DIRECTORY } from '@patchbay/server';
import { Argument, Command, Option } from 'commander';
import { accessFromEnvironment, readAdministratorAccess } from '../administrator-access.ts';
import { type ControlPlaneClient, createControlPlaneClient } from '../control-plane-client.ts';

interface Flags {
  readonly data?: string;
  readonly output: 'table' | 'json';
}

async function connect({ data }: Flags): Promise<ControlPlaneClient> {
  const fromEnvironment = data === undefined ? accessFromEnvironment(process.env) : undefined;
  return createControlPlaneClient(fromEnvironment ?? (await readAdministratorAccess(data ?? DEFAULT_DATA_DIRECTORY)));
}

/** One archive with what came of the last look at it. */
export function describeWatch(watch: ArchiveWatch): string[] {
  const { watchId, uri, suite, components, architectures, product, packageCount, lastSuccessAt, problem } = watch;
  return [
    `${watchId}  ${uri} ${suite} ${components.join(' ')} (${architectures.join(', ')})`,
    `  ${product ?? 'no product known'}, ${packageCount} package versions, current as of ${lastSuccessAt ?? 'never'}`,
    ...(problem === null ? [] : [`  problem: ${problem}`]),
  ];
}

function print(watches: readonly ArchiveWatch[], { output }: Flags): void {
  if (output === 'json') console.log(JSON.stringify(watches, null, 2));
  else for (const watch of watches) console.log(describeWatch(watch).join('\n'));
  if (watches.some(({ problem }) => problem !== null)) process.exitCode = 1;
}

function subcommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--data <directory>', 'data directory of the control plane, where AWS_ENDPOINT_URL is not set')
    .addOption(new Option('--output <format>', 'how to print it').choices(['table', 'json']).default('table'));
}

interface AddFlags extends Flags {
  readonly architecture: string;
  readonly keyring: string;
  readonly operatingSystem?: string;
  readonly product?: string;
}

/** A path is uploaded; a bare name is a file of the server. */
async function readKeyringFlag(keyring: string): Promise<{ file: string } | { content: string }> {
  return keyring.includes('/') ? { content: (await readFile(keyring)).toString('base64') } : { file: keyring };
}

const watchId = new Argument('<watch-id>', 'as `archive-watch list` shows it');

const addCommand = subcommand('add', 'Watch an archive, and look at it at once')
  .argument('<uri>', 'exactly as the sources of the nodes have it')
  .argument('<suite>', 'bookworm-security')
  .argument('<component...>', 'main')
  .requiredOption('--keyring <file>', 'a name in /usr/share/keyrings of the server, or a path here, which is uploaded')
  .option('--architecture <names>', 'separated by commas', 'amd64')
  .option('--operating-system <name>', 'DEBIAN, where the Release file does not tell')
  .option('--product <name>', 'Debian12, where the Release file does not tell')
  .action(async (uri: string, suite: string, components: string[], flags: AddFlags) => {
    const client = await connect(flags);
    const { watch } = await client.call(AddArchiveWatch, {
      uri,
      suite,
      components,
      architectures: flags.architecture.split(','),
      keyring: await readKeyringFlag(flags.keyring),
      ...(flags.operatingSystem === undefined ? {} : { operatingSystem: OperatingSystem.parse(flags.operatingSystem) }),
      ...(flags.product === undefined ? {} : { product: flags.product }),
    });
    print([(await client.call(RefreshArchiveWatch, { watchId: watch.watchId })).watch], flags);
  });

const listCommand = subcommand('list', 'Show the watched archives').action(async (flags: Flags) => {
  const client = await connect(flags);
  const watches: ArchiveWatch[] = [];
  for (let token: string | undefined; ; ) {
    const page = await client.call(ListArchiveWatches, token === undefined ? {} : { nextToken: token });
    watches.push(...page.watches);
    token = page.nextToken;
    if (token === undefined) break;
  }
  print(watches, flags);
});

const refreshCommand = subcommand('refresh', 'Look at an archive now')
  .addArgument(watchId)
  .action(async (id: string, flags: Flags) => {
    const client = await connect(flags);
    print([(await client.call(RefreshArchiveWatch, { watchId: id })).watch], flags);
  });

const removeCommand = subcommand('remove', 'Stop watching an archive; what was seen stays')
  .addArgument(watchId)
  .action(async (id: string, flags: Flags) => {
    const client = await connect(flags);
    await client.call(RemoveArchiveWatch, { watchId: id });
  });

/** `patchbay archive-watch`: the archives that the control plane looks at itself. */
export const archiveWatchCommand = new Command('archive-watch')
  .description('Let the control plane watch archives itself')
  .addCommand(addCommand)
  .addCommand(listCommand)
  .addCommand(refreshCommand)
  .addCommand(removeCommand);
