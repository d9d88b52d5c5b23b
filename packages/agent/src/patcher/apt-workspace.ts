import { join } from 'node:path';
import {
  type AptOptions,
  type Argv,
  aptArguments,
  commandEnvironment,
  privateConfig,
  type Query,
} from '@patchbay/package-managers';
import { readProxyVariables } from '../client/index.ts';
import type { Machine } from '../machine/index.ts';
import { PatcherError } from './patcher-error.ts';

/** Where our apt works below the machine's work directory: nothing of it is in the machine itself. */
export const privateListsPath = 'lists';
const privateCachePath = 'cache';
const configPath = 'patchbay.conf';

const minute = 60;

/** Which package lists apt reads. */
export type ListsSource = 'private' | 'machine';

export interface AptWorkspace {
  readonly options: AptOptions;
  /** Settings for every call that `options` has no member for. */
  readonly settings: readonly string[];
}

/**
 * For commands that fetch: with the proxies that the agent was started with. What apt's own configuration says of proxies,
 * credentials (apt_auth.conf(5)) and certificates counts before, as always.
 */
export function networkEnvironment(): Readonly<Record<string, string>> {
  return { ...commandEnvironment, ...readProxyVariables(process.env) };
}

/** Prepares apt to work on private or on the machine's own lists, always with a cache of ours. */
export async function prepareAptWorkspace(
  machine: Machine,
  lists: ListsSource,
  lockTimeoutSeconds = 0,
): Promise<AptWorkspace> {
  const configFile = await machine.writeWorkFile(configPath, privateConfig);
  // apt makes only the last folder of a path.
  await machine.writeWorkFile(join(privateListsPath, '.patchbay'), '');
  await machine.writeWorkFile(join(privateCachePath, '.patchbay'), '');
  const { inside } = machine.workDirectory;
  return {
    options: {
      listsDirectory: lists === 'private' ? join(inside, privateListsPath) : null,
      cacheDirectory: join(inside, privateCachePath),
      configFile,
      lockTimeoutSeconds,
    },
    settings: [],
  };
}

/** The folder of downloaded packages as commands see it. */
export function archivesDirectory(machine: Machine): string {
  return join(machine.workDirectory.inside, privateCachePath, 'archives');
}

/** Puts settings right behind the program of an argv. */
export function withSettings(argv: Argv, settings: readonly string[]): Argv {
  const [program, ...parameters] = argv;
  return [program, ...settings.flatMap((setting) => ['-o', setting]), ...parameters];
}

export interface CallOptions {
  readonly settings?: readonly string[];
  readonly timeoutSeconds?: number;
}

/**
 * Asks the package manager and reads its answer.
 * @throws PatcherError COMMAND_LOST when it did not end by itself; ParseError when its answer cannot be read
 */
export async function ask<Result>(machine: Machine, query: Query<Result>, options: CallOptions = {}): Promise<Result> {
  const argv = withSettings(query.argv, options.settings ?? []);
  const timeoutSeconds = options.timeoutSeconds ?? 10 * minute;
  const output = await machine.run({ argv, environment: networkEnvironment(), timeoutSeconds });
  if (output.exitCode === null || output.isTimedOut || output.isTruncated) {
    const why = output.isTimedOut ? `did not end within ${timeoutSeconds} seconds` : 'was ended or said too much';
    throw new PatcherError('COMMAND_LOST', `${argv[0]} ${query.argv.at(-1) ?? ''} ${why}`);
  }
  return query.parse({ exitCode: output.exitCode, stdout: output.stdout, stderr: output.stderr });
}

/** `apt-mark` on our cache, so that it leaves none of its own in the machine. */
export function onWorkspace(argv: Argv, workspace: AptWorkspace): Argv {
  const [program, ...parameters] = argv;
  return [program, ...aptArguments(workspace.options), ...parameters];
}
