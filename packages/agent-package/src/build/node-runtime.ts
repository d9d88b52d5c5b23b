import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { nodePlatforms, type PackageArchitecture } from './architectures.ts';
import { PackageBuildError } from './package-build-error.ts';
import { repository } from './repository.ts';
import { runTool } from './run-tool.ts';

const toolchain = join(repository, 'tools/toolchain');
const LockFile = z.object({
  packages: z.record(z.string(), z.looseObject({ version: z.string().optional(), integrity: z.string().optional() })),
});

export interface NodeRuntime {
  readonly version: string;
  readonly binary: string;
  readonly license: string;
}

/**
 * The pinned Node for an architecture: the one that this clone runs under, or, for another architecture, the package of
 * the same version, fetched into the cache and held against the hash in the lock file.
 *
 * @throws PackageBuildError
 */
export async function prepareNodeRuntime(
  architecture: PackageArchitecture,
  cacheDirectory: string,
): Promise<NodeRuntime> {
  const name = `node-${nodePlatforms[architecture]}`;
  const { version, integrity } = readLockEntry(name);
  const installed = join(toolchain, 'node_modules', name);
  const folder = existsSync(installed) ? installed : await fetchPackage(name, version, integrity, cacheDirectory);
  return { version, binary: join(folder, 'bin/node'), license: join(folder, 'LICENSE') };
}

function readLockEntry(name: string): { version: string; integrity: string } {
  const lock = LockFile.parse(JSON.parse(readFileSync(join(toolchain, 'package-lock.json'), 'utf8')));
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {};
  if (version === undefined || integrity === undefined) {
    throw new PackageBuildError('RUNTIME_MISSING', `There is no pinned ${name}.`);
  }
  return { version, integrity };
}

async function fetchPackage(name: string, version: string, integrity: string, cache: string): Promise<string> {
  const folder = join(cache, `${name}-${version}`);
  if (existsSync(folder)) return folder;
  const work = `${folder}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    const npm = join(toolchain, 'node_modules/npm/bin/npm-cli.js');
    await runTool(process.execPath, [npm, 'pack', `${name}@${version}`, '--silent', `--pack-destination=${work}`]);
    const archive = join(work, `${name}-${version}.tgz`);
    const digest = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (digest !== integrity) {
      throw new PackageBuildError('RUNTIME_FOREIGN', `${name}@${version} is not the package that the lock file names.`);
    }
    await runTool('tar', ['--extract', '--file', archive, '--directory', work]);
    await rename(join(work, 'package'), folder);
    return folder;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
