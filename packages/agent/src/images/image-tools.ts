import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readProxyVariables } from '../client/index.ts';
import { type CommandOutput, MachineError } from '../machine/index.ts';
import { runProcess } from '../machine/run-process.ts';
import { findTool } from '../machine/system-tools.ts';
import { readTextOrNull } from '../state/index.ts';
import { ImageError } from './image-error.ts';
import { writeSharedFile } from './shared-file.ts';

export interface RunOptions {
  readonly input?: string;
  /** Ends the program with all its children. */
  readonly signal?: AbortSignal;
  readonly timeoutSeconds?: number;
  /** Told each line of progress as it comes: what it says on stderr, and all that skopeo says. */
  readonly onLine?: (line: string) => void;
}

/** The programs of others that work on images, all run in one way: our configuration, our storage, nothing of the host's. */
export interface ImageTools {
  /** @throws ImageError TOOL_FAILED, MISSING_TOOL, CANCELLED */
  run(program: ImageProgram, parameters: readonly string[], options?: RunOptions): Promise<string>;
  /** Whatever the exit code is. @throws ImageError MISSING_TOOL, CANCELLED */
  tryRun(program: ImageProgram, parameters: readonly string[], options?: RunOptions): Promise<CommandOutput>;
  /** A directory with the authority that the environment names for Node, for skopeo to trust as well; null for none. */
  readonly authorityDirectory: string | null;
  /** How a program names an image in our storage. */
  readonly storagePrefix: string;
}

export type ImageProgram = 'buildah' | 'skopeo' | 'tar' | 'umount';

const packageOf: Readonly<Record<ImageProgram, string>> = {
  buildah: 'buildah',
  skopeo: 'skopeo',
  tar: 'tar',
  umount: 'mount',
};

/** A pull of a large image over a slow line may take this long. */
const longestSeconds = 3 * 3600;

/**
 * @param directory where storage, configuration and scratch files are
 * @param driver of containers-storage (containers-storage.conf(5))
 */
export function openImageTools(directory: string, driver: 'overlay' | 'vfs'): ImageTools {
  const places = {
    storage: join(directory, 'storage'),
    run: join(directory, 'run'),
    scratch: join(directory, 'scratch'),
    configuration: join(directory, 'configuration'),
    registries: join(directory, 'configuration', 'registries.conf.d'),
    home: join(directory, 'home'),
  };
  for (const place of Object.values(places)) mkdirSync(place, { recursive: true, mode: 0o700 });
  const write = (name: string, text: string): string => {
    const path = join(places.configuration, name);
    writeSharedFile(path, text);
    return path;
  };
  const quote = JSON.stringify;
  const storageFile = write(
    'storage.conf',
    `[storage]\ndriver = ${quote(driver)}\ngraphroot = ${quote(places.storage)}\nrunroot = ${quote(places.run)}\n`,
  );
  const containersFile = write('containers.conf', '[engine]\n');
  const registriesFile = write('registries.conf', 'unqualified-search-registries = []\n');
  // Which images are wanted is said by whoever asks for one; signatures of images are not looked at.
  const policyFile = write('policy.json', '{"default":[{"type":"insecureAcceptAnything"}]}\n');
  const environment = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C.UTF-8',
    HOME: places.home,
    XDG_RUNTIME_DIR: places.run,
    TMPDIR: places.scratch,
    CONTAINERS_STORAGE_CONF: storageFile,
    CONTAINERS_CONF: containersFile,
    CONTAINERS_REGISTRIES_CONF: registriesFile,
    BUILDAH_ISOLATION: 'chroot',
  };
  const fixed: Readonly<Record<ImageProgram, readonly string[]>> = {
    buildah: [
      '--root',
      places.storage,
      '--runroot',
      places.run,
      '--storage-driver',
      driver,
      '--registries-conf',
      registriesFile,
      '--registries-conf-dir',
      places.registries,
      '--short-name-alias-conf',
      join(places.configuration, 'aliases.conf'),
    ],
    skopeo: ['--policy', policyFile, '--registries.d', places.registries, '--tmpdir', places.scratch],
    tar: [],
    umount: [],
  };

  const extra = process.env['NODE_EXTRA_CA_CERTS'] ?? '';
  const authorities = extra === '' ? null : readTextOrNull(extra);
  if (authorities !== null) {
    mkdirSync(join(places.configuration, 'authorities'), { recursive: true, mode: 0o700 });
    write('authorities/ca.crt', authorities);
  }

  const tryRun: ImageTools['tryRun'] = async (program, parameters, options = {}) => {
    const path = requireTool(program);
    const setpriv = findTool('setpriv');
    // What we started ends with us, also when we are killed.
    const before = setpriv === null ? [] : [setpriv, '--pdeathsig', 'KILL', '--'];
    const [first = path, ...rest] = [...before, path, ...fixed[program], ...parameters];
    const lines = options.onLine === undefined ? null : collectLines(options.onLine);
    try {
      const output = await runProcess(
        {
          argv: [program],
          environment: { ...environment, ...readProxyVariables(process.env) },
          timeoutSeconds: options.timeoutSeconds ?? longestSeconds,
          ...(options.input === undefined ? {} : { input: options.input }),
          ...(options.signal === undefined ? {} : { signal: options.signal }),
          ...(lines === null
            ? {}
            : {
                onOutput: ({ stream, text }) => (stream === 'stderr' || program === 'skopeo' ? lines(text) : undefined),
              }),
        },
        { argv: [first, ...rest], reportsReady: false, kill: 'group' },
      );
      if (output.isAborted) throw new ImageError('CANCELLED', `${program} was ended because the work was cancelled.`);
      return output;
    } catch (error) {
      if (!(error instanceof MachineError)) throw error;
      throw new ImageError('TOOL_FAILED', `${program} could not be started: ${error.message}`, { cause: error });
    }
  };
  return {
    tryRun,
    authorityDirectory: authorities === null ? null : join(places.configuration, 'authorities'),
    async run(program, parameters, options) {
      const output = await tryRun(program, parameters, options);
      if (output.exitCode === 0) return output.stdout;
      const why = output.isTimedOut ? 'it did not end in time' : explain(output.stderr);
      throw new ImageError('TOOL_FAILED', `${program} ${parameters[0] ?? ''} failed: ${why}`);
    },
    storagePrefix: `containers-storage:[${driver}@${places.storage}+${places.run}]`,
  };
}

/** @throws ImageError MISSING_TOOL, naming the package of Debian that has it */
export function requireTool(program: ImageProgram): string {
  const path = findTool(program);
  if (path !== null) return path;
  const name = packageOf[program];
  throw new ImageError(
    'MISSING_TOOL',
    `Images need ${program}: install the package ${name} (apt-get install ${name}).`,
  );
}

/** The programs log as `time=… level=fatal msg="…"`, or as `Error: …`. */
function explain(stderr: string): string {
  const last = stderr.trim().split('\n').at(-1) ?? '';
  const message = /msg="((?:[^"\\]|\\.)*)"/.exec(last)?.[1]?.replaceAll(String.raw`\"`, '"');
  return message ?? (last.replace(/^Error: /, '') || 'it said nothing');
}

function collectLines(onLine: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') onLine(line);
  };
}
