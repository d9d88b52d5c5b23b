import { chmodSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type CommandRecords, openCommandRecords } from './command-records.ts';
import {
  boundingSet,
  hostReadOnlyScript,
  hostWorkDirectoryInside,
  lendingScript,
  rootEntryScript,
} from './entry-scripts.ts';
import { type FileTree, openFileTree } from './file-tree.ts';
import { type Command, defaultEnvironment, type Machine, MachineError, type MachineNetwork } from './machine.ts';
import { type Launch, runProcess } from './run-process.ts';
import { findTool, requireTools } from './system-tools.ts';

export interface MachineOptions {
  /** The directory that holds a root file system; null for this host. */
  readonly root: string | null;
  /** A directory of ours, outside of the root; made (private) when missing. */
  readonly workDirectory: string;
  readonly access: 'read-only' | 'read-write';
  /** Of a root directory: whether one command finds in /tmp what another left there. Each has an empty one otherwise. */
  readonly keepsTemporaryFiles?: boolean;
  /** Of a root directory: the network that commands are in; that of the host where absent. */
  readonly network?: MachineNetwork;
}

const workDirectoryInsideRoot = '/run/patchbay';
/** Mounted over; a symlink there could lead the mount elsewhere. */
const mountPoints = ['proc', 'sys', 'dev', 'run', 'tmp'] as const;
const entryTools = ['unshare', 'mount', 'mountpoint', 'setpriv', 'chroot', 'flock'] as const;

/**
 * Opens this host or a root file system to run commands in it.
 *
 * @throws MachineError NOT_ROOT, ROOT_MISSING, NOT_A_ROOT, MISSING_TOOL, NAMESPACES_NOT_PERMITTED
 */
export async function openMachine(options: MachineOptions): Promise<Machine> {
  const isRootUser = process.getuid?.() === 0;
  const root = options.root === null ? null : checkRoot(options.root, isRootUser);
  const work = prepareWorkDirectory(options, root);
  const files = openFileTree(root ?? '/');
  const shared = openFileTree(work.shared);
  try {
    if (root !== null) await checkDebianRoot(files, root);
    const way = chooseWay(options, root, work, isRootUser);
    if (way.prefix.length > 0) await proveEntry(way, options.root);
    return buildMachine(options, way, work, files, shared);
  } catch (error) {
    files.close();
    shared.close();
    throw error;
  }
}

/** How commands get into a machine. */
interface Way {
  readonly prefix: readonly string[];
  /** The same without the death of the command at ours. */
  readonly uninterruptiblePrefix: readonly string[];
  readonly inside: string;
  readonly kill: Launch['kill'];
  readonly lends: boolean;
}

/**
 * Namespaces are made anew for each command (about 40 ms, against the 300 ms of the smallest apt-get -s): one outer
 * process stands for all there is to end, /tmp and /run are clean, and no long-lived holder has to be looked after.
 */
function chooseWay(options: MachineOptions, root: string | null, work: WorkDirectories, isRootUser: boolean): Way {
  const { shared } = work;
  const endWithUs = [findTool('setpriv') ?? 'setpriv', '--pdeathsig', 'KILL', '--'];
  if (root !== null) {
    const namespaces = ['--mount', '--pid', '--uts', '--ipc', '--fork', '--propagation', 'slave'];
    const access = options.access === 'read-only' ? 'ro' : 'rw';
    const script = ['/bin/sh', '-c', rootEntryScript, 'sh', root, access, shared, boundingSet, work.temporary ?? ''];
    const lending = access === 'rw' ? ['/bin/sh', '-c', lendingScript, 'sh'] : [];
    const unshare = findTool('unshare') ?? 'unshare';
    const network = options.network?.entry ?? [];
    return {
      prefix: [...endWithUs, ...network, unshare, ...namespaces, '--kill-child', '--', ...script, ...lending],
      uninterruptiblePrefix: [...network, unshare, ...namespaces, '--', ...script, ...lending],
      inside: workDirectoryInsideRoot,
      kill: 'process',
      lends: access === 'rw',
    };
  }
  if (options.access === 'read-only' && isRootUser && entryTools.every((name) => findTool(name) !== null)) {
    const view = [findTool('unshare') ?? 'unshare', '--mount', '--propagation', 'slave', '--'];
    const script = ['/bin/sh', '-c', hostReadOnlyScript, 'sh', shared];
    return {
      prefix: [...endWithUs, ...view, ...script],
      uninterruptiblePrefix: [...view, ...script],
      inside: hostWorkDirectoryInside,
      kill: 'group',
      lends: false,
    };
  }
  return { prefix: [], uninterruptiblePrefix: [], inside: shared, kill: 'group', lends: false };
}

function buildMachine(
  options: MachineOptions,
  way: Way,
  work: WorkDirectories,
  files: FileTree,
  shared: FileTree,
): Machine {
  const records: CommandRecords = openCommandRecords(work.commands);
  let isClosed = false;
  let wasCutShort = false;

  const run: Machine['run'] = async (given: Command) => {
    if (isClosed) throw new MachineError('CLOSED', 'This machine was closed');
    const proxies = options.root === null ? undefined : options.network?.environment;
    const command =
      proxies === undefined
        ? given
        : { ...given, environment: { ...(given.environment ?? defaultEnvironment), ...proxies } };
    const prefix = command.uninterruptible === undefined ? way.prefix : way.uninterruptiblePrefix;
    const [first, ...rest] = [...prefix, ...command.argv];
    const launch: Launch = { argv: [first ?? '', ...rest], reportsReady: prefix.length > 0, kill: way.kill };
    if (command.uninterruptible !== undefined) {
      return records.run(command, command.uninterruptible.recordName, launch);
    }
    const output = await runProcess(command, launch);
    wasCutShort ||= output.isTimedOut || output.isAborted;
    return output;
  };
  /** Paths below the work directory as commands see it are read where it really is. */
  const locate = (path: string): [tree: FileTree, path: string] => {
    const isWork = way.prefix.length > 0 && (path === way.inside || path.startsWith(`${way.inside}/`));
    return isWork ? [shared, path.slice(way.inside.length)] : [files, path];
  };
  return {
    kind: options.root === null ? 'host' : 'root-directory',
    access: options.access,
    workDirectory: { inside: way.inside, outside: work.shared },
    run,
    resume: (recordName) => records.resume(recordName),
    async readFile(path) {
      const [tree, below] = locate(path);
      return tree.readFile(below);
    },
    async stat(path) {
      const [tree, below] = locate(path);
      return tree.stat(below);
    },
    async listDirectory(path) {
      const [tree, below] = locate(path);
      return tree.listDirectory(below);
    },
    async writeWorkFile(relativePath, content) {
      shared.writeFile(relativePath, content);
      return join(way.inside, relativePath);
    },
    async close() {
      if (isClosed) return;
      // A command that was ended could not take back what was lent to the root; the next one does.
      if (wasCutShort && way.lends) await run({ argv: ['true'], timeoutSeconds: 60 });
      isClosed = true;
      files.close();
      shared.close();
    },
  };
}

function checkRoot(directory: string, isRootUser: boolean): string {
  if (!isRootUser) {
    throw new MachineError(
      'NOT_ROOT',
      `Working in ${directory} needs root: it is entered through namespaces of its own`,
    );
  }
  requireTools(entryTools);
  let root: string;
  try {
    root = realpathSync(directory);
  } catch (error) {
    throw new MachineError('ROOT_MISSING', `${directory} does not exist`, { cause: error });
  }
  if (!lstatSync(root).isDirectory()) throw new MachineError('ROOT_MISSING', `${directory} is not a directory`);
  if (root === '/')
    throw new MachineError('NOT_A_ROOT', 'The root file system / is this host: leave the root option out');
  for (const name of mountPoints) {
    const found = lstatSync(join(root, name), { throwIfNoEntry: false });
    if (found?.isDirectory() !== true) {
      throw new MachineError('NOT_A_ROOT', `${directory} is not a root file system: it has no directory /${name}`);
    }
  }
  return root;
}

async function checkDebianRoot(files: FileTree, root: string): Promise<void> {
  const release = files.stat('/etc/os-release') ?? files.stat('/usr/lib/os-release');
  if (release?.kind !== 'file') {
    throw new MachineError('NOT_A_ROOT', `${root} is not a root file system: it has no /etc/os-release`);
  }
  if (files.stat('/bin/sh')?.kind !== 'file') {
    throw new MachineError('NOT_A_ROOT', `${root} cannot be worked in: it has no /bin/sh`);
  }
}

interface WorkDirectories {
  /** Bound into the machine. Its own mode lets every user in; the directory around it does not. */
  readonly shared: string;
  /** Records of uninterruptible commands: never visible inside, so that nothing there can plant a symlink for us. */
  readonly commands: string;
  /** What is /tmp inside; null for a fresh one each time. */
  readonly temporary: string | null;
}

function prepareWorkDirectory(options: MachineOptions, root: string | null): WorkDirectories {
  const directory = options.workDirectory;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const work = realpathSync(resolve(directory));
  if (root !== null && `${work}/`.startsWith(`${root}/`)) {
    throw new MachineError('INVALID_COMMAND', `The work directory ${work} must not lie in the root ${root}`);
  }
  const temporary = root !== null && options.keepsTemporaryFiles === true ? join(work, 'tmp') : null;
  const directories = { shared: join(work, 'shared'), commands: join(work, 'commands'), temporary };
  mkdirSync(directories.shared, { recursive: true, mode: 0o755 });
  mkdirSync(directories.commands, { recursive: true, mode: 0o700 });
  if (temporary !== null) {
    mkdirSync(temporary, { recursive: true });
    chmodSync(temporary, 0o1777);
  }
  return directories;
}

/** Runs `true` once, so that what forbids entering is said at the opening and not in the middle of a scan. */
async function proveEntry(way: Way, root: string | null): Promise<void> {
  const [first, ...rest] = [...way.prefix, 'true'];
  try {
    await runProcess(
      { argv: ['true'], timeoutSeconds: 60 },
      { argv: [first ?? '', ...rest], reportsReady: true, kill: way.kill },
    );
  } catch (error) {
    if (!(error instanceof MachineError) || error.code !== 'ENTRY_FAILED') throw error;
    const where = root === null ? 'A read-only view of this host' : root;
    throw new MachineError(
      'NAMESPACES_NOT_PERMITTED',
      `${where} cannot be entered; inside a container it needs the right to make mounts. ${error.message}`,
      { cause: error },
    );
  }
}
