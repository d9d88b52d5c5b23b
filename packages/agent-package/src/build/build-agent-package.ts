import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rename } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { agentVersion } from '@patchbay/agent';
import type { PackageArchitecture } from './architectures.ts';
import { type BundledPrograms, bundlePrograms } from './bundle-programs.ts';
import { type NodeRuntime, prepareNodeRuntime } from './node-runtime.ts';
import { repository } from './repository.ts';
import { runTool } from './run-tool.ts';

export interface PackageRequest {
  readonly architecture: PackageArchitecture;
  /** Where built packages and fetched runtimes are kept; the clone's own cache where absent. */
  readonly cacheDirectory?: string;
  /** Another version than the agent's own, for tests of updates. */
  readonly version?: string;
  /** `none` is for tests, where building often matters more than size. */
  readonly compression?: 'xz' | 'none';
}

export interface BuiltPackage {
  readonly fileName: string;
  readonly path: string;
  readonly version: string;
}

/** Changes when the layout of the package does, so that no older one is taken from the cache. */
const layoutRevision = '4';
const keptPackages = 8;
const maintainerScripts = ['postinst', 'prerm', 'postrm'] as const;
const sources = join(repository, 'packages/agent-package/debian');
const library = 'usr/lib/patchbay-agent';
/** A moment before which nothing of this was written: the same content gives the same bytes, whenever it is built. */
const builtAt = new Date('2026-01-01T00:00:00Z');

/**
 * The Debian package of the agent: program, patcher and runtime. Built once for the same content; the second call
 * answers what the first one made.
 *
 * @throws PackageBuildError
 */
export async function buildAgentPackage(request: PackageRequest): Promise<BuiltPackage> {
  const { architecture, version = agentVersion, compression = 'xz' } = request;
  const cache = request.cacheDirectory ?? join(repository, 'node_modules/.cache/patchbay-agent');
  const runtime = await prepareNodeRuntime(architecture, cache);
  const programs = await bundlePrograms(version);
  const folder = join(cache, digestOf(programs, runtime, architecture, version, compression));
  const fileName = `patchbay-agent_${version}_${architecture}.deb`;
  const path = join(folder, fileName);
  if (!existsSync(path)) {
    const work = `${folder}.${process.pid}`;
    try {
      const tree = join(work, 'tree');
      writeTree(tree, { architecture, version }, programs, runtime);
      mkdirSync(folder, { recursive: true });
      const draft = join(work, fileName);
      await runTool(
        'dpkg-deb',
        ['--root-owner-group', ...(compression === 'xz' ? ['-Zxz', '-z3'] : ['-Znone']), '--build', tree, draft],
        { SOURCE_DATE_EPOCH: String(builtAt.getTime() / 1000) },
      );
      await rename(draft, path);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
    prune(cache);
  }
  return { fileName, path, version };
}

/** Every change of the agent's code leaves a package of its own behind: the newest few are kept. */
function prune(cache: string): void {
  const folders = readdirSync(cache).filter((name) => /^[0-9a-f]{32}$/.test(name));
  const byAge = folders.map((name) => ({ path: join(cache, name), at: statSync(join(cache, name)).mtimeMs }));
  const old = byAge.toSorted((left, right) => right.at - left.at).slice(keptPackages);
  for (const { path } of old) rmSync(path, { recursive: true, force: true });
}

function digestOf(programs: BundledPrograms, runtime: NodeRuntime, ...words: readonly string[]): string {
  const hash = createHash('sha256');
  const files = readdirSync(sources).sort();
  const parts = [layoutRevision, runtime.version, ...words, programs.agent, programs.patcher];
  for (const text of [...parts, ...files, ...files.map((name) => readFileSync(join(sources, name), 'utf8'))]) {
    hash.update(`${text.length}:${text}`);
  }
  return hash.digest('hex').slice(0, 32);
}

function writeTree(
  tree: string,
  { architecture, version }: { readonly architecture: PackageArchitecture; readonly version: string },
  programs: BundledPrograms,
  runtime: NodeRuntime,
): void {
  const write = (path: string, content: string | Buffer, mode: number) => {
    const file = join(tree, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, content);
    chmodSync(file, mode);
  };
  const copy = (name: string, path: string, mode: number) => write(path, readFileSync(join(sources, name)), mode);
  for (const script of maintainerScripts) copy(script, `DEBIAN/${script}`, 0o755);
  write(`${library}/agent.mjs`, programs.agent, 0o644);
  write(`${library}/patcher.mjs`, programs.patcher, 0o644);
  cpSync(runtime.binary, join(tree, library, 'node'));
  chmodSync(join(tree, library, 'node'), 0o755);
  copy('patchbay-agent.sh', 'usr/bin/patchbay-agent', 0o755);
  copy('patchbay-agent.service', 'usr/lib/systemd/system/patchbay-agent.service', 0o644);
  copy('copyright', 'usr/share/doc/patchbay-agent/copyright', 0o644);
  write('usr/share/doc/patchbay-agent/node.LICENSE', readFileSync(runtime.license), 0o644);
  const installed = listFiles(tree).filter((path) => !path.startsWith('DEBIAN/'));
  const sizeBytes = installed.reduce((sum, path) => sum + statSync(join(tree, path)).size, 0);
  write('DEBIAN/control', controlFile(version, architecture, Math.ceil(sizeBytes / 1024)), 0o644);
  // For dpkg --verify.
  write('DEBIAN/md5sums', installed.map((path) => `${md5Of(join(tree, path))}  ${path}\n`).join(''), 0o644);
  settle(tree);
}

function md5Of(path: string): string {
  return createHash('md5').update(readFileSync(path)).digest('hex');
}

/** Paths of all files, relative and sorted. */
function listFiles(tree: string): string[] {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(tree, join(entry.parentPath, entry.name)))
    .sort();
}

/** Needs no more than what Node itself was built against (its symbols want glibc 2.28 and libstdc++ of GCC 6). */
function controlFile(version: string, architecture: PackageArchitecture, sizeKibibytes: number): string {
  return `Package: patchbay-agent
Version: ${version}
Architecture: ${architecture}
Maintainer: The Patchbay authors <patchbay@localhost>
Installed-Size: ${sizeKibibytes}
Depends: libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 6), util-linux, mount, coreutils, dpkg, apt
Section: admin
Priority: optional
Description: agent of the Patchbay control plane
 Lets a Patchbay control plane scan this machine for missing patches and install
 those that its baseline approves. Brings its own runtime; nothing is fetched
 while it is installed.
`;
}

/** Gives everything one time and folders one mode, whatever the umask is. */
function settle(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) settle(path);
    else lutimesSync(path, builtAt, builtAt);
  }
  lutimesSync(directory, builtAt, builtAt);
}
