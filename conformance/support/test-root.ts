import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runTool, type ToolResult, tryTool } from './run-tool.ts';
import type { TestArchive } from './test-archive.ts';

export interface BaseRootOptions {
  /** `bookworm` where absent. */
  readonly suite?: string;
  /** On top of apt and what is essential. */
  readonly packages?: readonly string[];
  /** Where built roots are kept as tar files; Patchbay's own folder of the user's cache where absent. */
  readonly cacheDirectory?: string;
}

/** Path of a tar file with a real Debian root, made from this machine's own main archive on the first call (about 12 s). */
export async function prepareBaseRoot(options: BaseRootOptions = {}): Promise<string> {
  const suite = options.suite ?? 'bookworm';
  const packages = [...(options.packages ?? [])].sort();
  const cache = options.cacheDirectory ?? defaultCacheDirectory();
  const source = await findMainArchive(suite);
  const key = createHash('sha256')
    .update(JSON.stringify(['1', suite, packages, source]))
    .digest('hex')
    .slice(0, 16);
  const file = join(cache, `${suite}-${key}.tar`);
  if (existsSync(file)) return file;
  await mkdir(cache, { recursive: true, mode: 0o700 });
  const unfinished = `${file}.${process.pid}`;
  // Documentation is two fifths of the files and plays no part in any test.
  const exclude = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', '/usr/share/info/*'];
  await runTool([
    'mmdebstrap',
    '--quiet',
    '--variant=apt',
    '--format=tar',
    ...exclude.map((path) => `--dpkgopt=path-exclude=${path}`),
    // The option would stay in the root and drop files of the packages under test.
    '--customize-hook=rm -f "$1"/etc/dpkg/dpkg.cfg.d/99mmdebstrap',
    ...(packages.length === 0 ? [] : [`--include=${packages.join(',')}`]),
    suite,
    unfinished,
    source,
  ]);
  await rename(unfinished, file);
  return file;
}

function defaultCacheDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'patchbay-test');
}

/** The sources line of the machine's own main archive, for the wanted suite. */
export async function findMainArchive(suite: string): Promise<string> {
  const folder = '/etc/apt/sources.list.d';
  const listed = existsSync(folder) ? (await readdir(folder)).sort().map((name) => join(folder, name)) : [];
  const candidates: { uri: string; suites: readonly string[]; signedBy: string }[] = [];
  for (const file of ['/etc/apt/sources.list', ...listed].filter((path) => existsSync(path))) {
    const text = await readFile(file, 'utf8');
    candidates.push(...(file.endsWith('.sources') ? readStanzas(text) : readLines(text)));
  }
  const codename = /^VERSION_CODENAME=(\S+)/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1];
  const found =
    candidates.find(({ suites }) => suites.includes(suite)) ??
    candidates.find(({ suites }) => codename !== undefined && suites.includes(codename));
  if (found === undefined) throw new Error(`No source of this machine has ${suite}: the tests need a Debian machine`);
  return `deb ${found.signedBy === '' ? '' : `[signed-by=${found.signedBy}] `}${found.uri} ${suite} main`;
}

function readStanzas(text: string) {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'im').exec(stanza)?.[1]?.trim() ?? '';
    const uri = field('URIs').split(/\s+/)[0] ?? '';
    const isBinary = field('Types').split(/\s+/).includes('deb') && field('Components').split(/\s+/).includes('main');
    const signedBy = field('Signed-By');
    return isBinary
      ? [{ uri, suites: field('Suites').split(/\s+/), signedBy: signedBy.startsWith('/') ? signedBy : '' }]
      : [];
  });
}

function readLines(text: string) {
  return text.split('\n').flatMap((line) => {
    const [, options = '', uri = '', suite = '', components = ''] =
      /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    const signedBy = /signed-by=(\S+)/.exec(options)?.[1] ?? '';
    return components.split(/\s+/).includes('main') ? [{ uri, suites: [suite], signedBy }] : [];
  });
}

export interface TestRootOptions {
  /** From `prepareBaseRoot`. */
  readonly base: string;
  /** Where the root shall be; must not exist. */
  readonly directory: string;
  readonly archives: readonly TestArchive[];
  readonly keyring: Uint8Array;
}

/** A root of a test's own: real Debian below, with the test's archives as its only sources. */
export interface TestRoot {
  readonly directory: string;
  /** Runs a program in the root by plain means, as a judge that shares nothing with Patchbay. */
  run(argv: readonly [string, ...string[]]): Promise<ToolResult>;
  /** apt's update, then the installation of exact or newest versions. Throws when apt does. */
  install(...packages: readonly string[]): Promise<void>;
  writeFile(path: string, content: string | Uint8Array): Promise<void>;
  remove(): Promise<void>;
}

export const testKeyringPath = '/usr/share/keyrings/test-archive.gpg';

/** Unpacks a base root (about a third of a second) and gives it the archives. */
export async function createTestRoot(options: TestRootOptions): Promise<TestRoot> {
  const { directory } = options;
  await mkdir(directory, { recursive: false, mode: 0o755 });
  await runTool(['tar', '--extract', '--numeric-owner', '--xattrs', '--file', options.base, '--directory', directory]);
  const root: TestRoot = {
    directory,
    run: (argv) =>
      tryTool([
        'unshare',
        '--mount',
        '--pid',
        '--fork',
        '--kill-child',
        'sh',
        '-c',
        judgeScript,
        'sh',
        directory,
        ...argv,
      ]),
    async install(...packages) {
      const apt = ['apt-get', '--quiet', '--yes', '--no-install-recommends'] as const;
      for (const argv of [
        [...apt, 'update'],
        [...apt, 'install', ...packages],
      ] as const) {
        const result = await root.run(argv);
        if (result.exitCode !== 0) throw new Error(`${argv.join(' ')} failed: ${result.stderr}`);
      }
    },
    async writeFile(path, content) {
      await mkdir(join(directory, path, '..'), { recursive: true });
      await writeFile(join(directory, path), content);
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
  // mmdebstrap leaves the resolver and the name of the machine that built the root.
  await root.writeFile('/etc/resolv.conf', 'nameserver 192.0.2.1\n');
  await root.writeFile('/etc/hostname', 'test-root\n');
  await rm(join(directory, 'etc/apt/sources.list'), { force: true });
  await rm(join(directory, 'var/lib/apt/lists'), { recursive: true, force: true });
  await mkdir(join(directory, 'var/lib/apt/lists/partial'), { recursive: true });
  await root.writeFile(testKeyringPath, options.keyring);
  const stanzas = options.archives.map((archive) => archive.sourcesStanza(testKeyringPath));
  await root.writeFile('/etc/apt/sources.list.d/test.sources', stanzas.join('\n'));
  return root;
}

const judgeScript = `set -e
root=$1
shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin
exec chroot "$root" "$@"
`;
