import { readFile } from 'node:fs/promises';
import {
  AddArchiveWatch,
  type ArchiveWatch,
  ListArchiveWatches,
  RefreshArchiveWatch,
  RemoveArchiveWatch,
} from '@patchbay/contracts';
import { AppError, OperatingSystem } from '@patchbay/facts';
import { Argument, Command, Option } from 'commander';
import {
  type AccessFlags,
  collectPages,
  connect,
  type OutputFlags,
  print,
  withAccess,
  withOutput,
} from '../control-plane-options.ts';

export class KeyringError extends AppError<'NO_KEYRING'> {}

type Flags = AccessFlags & OutputFlags;

/** One archive with what came of the last look at it. */
export function describeWatch(watch: ArchiveWatch): string[] {
  const { watchId, uri, suite, components, architectures, product, packageCount, lastSuccessAt, problem } = watch;
  return [
    `${watchId}  ${uri} ${suite} ${components.join(' ')} (${architectures.join(', ')})`,
    `  ${product ?? 'no product known'}, ${packageCount} package versions, current as of ${lastSuccessAt ?? 'never'}`,
    ...(problem === null ? [] : [`  problem: ${problem}`]),
  ];
}

function show(watches: readonly ArchiveWatch[], flags: Flags): void {
  print(watches, flags, () => (watches.length === 0 ? ['No archive is watched.'] : watches.flatMap(describeWatch)));
  if (watches.some(({ problem }) => problem !== null)) process.exitCode = 1;
}

function subcommand(name: string, description: string): Command {
  return withAccess(new Command(name).description(description));
}

interface AddFlags extends Flags {
  readonly architecture: string;
  readonly keyring: string;
  readonly operatingSystem?: OperatingSystem;
  readonly product?: string;
}

/** A path is uploaded; a bare name is a file of the server. */
async function readKeyringFlag(keyring: string): Promise<{ file: string } | { content: string }> {
  if (!keyring.includes('/')) return { file: keyring };
  try {
    return { content: (await readFile(keyring)).toString('base64') };
  } catch (cause) {
    throw new KeyringError('NO_KEYRING', `--keyring names ${keyring}, which cannot be read.`, { cause });
  }
}

const watchId = new Argument('<watch-id>', 'as `archive-watch list` shows it');

const addCommand = withOutput(subcommand('add', 'Watch an archive, and look at it at once'))
  .argument('<uri>', 'exactly as the sources of the nodes have it')
  .argument('<suite>', 'bookworm-security')
  .argument('<component...>', 'main')
  .requiredOption('--keyring <file>', 'a name in /usr/share/keyrings of the server, or a path here, which is uploaded')
  .option('--architecture <names>', 'separated by commas', 'amd64')
  .addOption(
    new Option('--operating-system <name>', 'where the Release file does not tell').choices(OperatingSystem.options),
  )
  .option('--product <name>', 'Debian12, where the Release file does not tell')
  .action(async (uri: string, suite: string, components: string[], flags: AddFlags) => {
    const client = await connect(flags);
    const { watch } = await client.call(AddArchiveWatch, {
      uri,
      suite,
      components,
      architectures: flags.architecture.split(','),
      keyring: await readKeyringFlag(flags.keyring),
      ...(flags.operatingSystem === undefined ? {} : { operatingSystem: flags.operatingSystem }),
      ...(flags.product === undefined ? {} : { product: flags.product }),
    });
    show([(await client.call(RefreshArchiveWatch, { watchId: watch.watchId })).watch], flags);
  });

const listCommand = withOutput(subcommand('list', 'Show the watched archives')).action(async (flags: Flags) => {
  const client = await connect(flags);
  const watches = await collectPages(async (nextToken) => {
    const page = await client.call(ListArchiveWatches, { nextToken });
    return { entries: page.watches, nextToken: page.nextToken };
  });
  show(watches, flags);
});

const refreshCommand = withOutput(subcommand('refresh', 'Look at an archive now'))
  .addArgument(watchId)
  .action(async (id: string, flags: Flags) => {
    const client = await connect(flags);
    show([(await client.call(RefreshArchiveWatch, { watchId: id })).watch], flags);
  });

const removeCommand = subcommand('remove', 'Stop watching an archive; what was seen stays')
  .addArgument(watchId)
  .action(async (id: string, flags: AccessFlags) => {
    const client = await connect(flags);
    await client.call(RemoveArchiveWatch, { watchId: id });
    console.log(`${id} is not watched any more.`);
  });

/** `patchbay archive-watch`: the archives that the control plane looks at itself. */
export const archiveWatchCommand = new Command('archive-watch')
  .description('Let the control plane watch archives itself')
  .addCommand(addCommand)
  .addCommand(listCommand)
  .addCommand(refreshCommand)
  .addCommand(removeCommand);
