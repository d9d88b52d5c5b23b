import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DebianArchives } from '@patchbay/agent';
import { DemoError } from './demo-error.ts';

const suite = 'bookworm';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** An ordinary small server: a kernel, remote access, a web server, and what people put beside them. */
const packages: readonly string[] = [
  'linux-image-cloud-amd64',
  'openssh-server',
  'nginx-light',
  'ca-certificates',
  'cron',
  'curl',
  'git',
  'gnupg',
  'less',
  'libxml2',
  'logrotate',
  'python3-minimal',
  'rsync',
  'sudo',
  'vim-tiny',
];

async function run(program: string, programArguments: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(program, programArguments, { maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    const detail = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new DemoError('BUILD_FAILED', `${program} failed: ${detail.split('\n').slice(-5).join('\n')}`, {
      cause: error,
    });
  }
}

/** True when the root of an earlier run can be used again. */
export async function hasBaseRoot(cacheDirectory: string, archives: DebianArchives): Promise<boolean> {
  return await access(baseRootFile(cacheDirectory, archives)).then(
    () => true,
    () => false,
  );
}

function baseRootFile(cacheDirectory: string, archives: DebianArchives): string {
  const key = createHash('sha256')
    .update(JSON.stringify([suite, packages, archives.main]))
    .digest('hex')
    .slice(0, 16);
  return join(cacheDirectory, `${suite}-${key}.tar`);
}

/** Builds the root file system from the main archive alone: the state of the last point release, unpatched since. */
export async function buildBaseRoot(cacheDirectory: string, archives: DebianArchives): Promise<void> {
  const file = baseRootFile(cacheDirectory, archives);
  const unfinished = `${file}.unfinished`;
  await mkdir(cacheDirectory, { recursive: true, mode: 0o700 });
  await rm(unfinished, { force: true });
  const source = `deb [signed-by=${keyring}] ${archives.main} ${suite} main`;
  const kernel = process.arch === 'arm64' ? 'linux-image-cloud-arm64' : 'linux-image-cloud-amd64';
  const wanted = packages.map((name) => (name.startsWith('linux-image') ? kernel : name));
  await run('mmdebstrap', [
    '--quiet',
    '--variant=apt',
    '--format=tar',
    `--include=${wanted.join(',')}`,
    suite,
    unfinished,
    source,
  ]);
  await rename(unfinished, file);
}

/** Unpacks the node and gives it the sources of an ordinary server: main and security. */
export async function unpackNode(
  cacheDirectory: string,
  archives: DebianArchives,
  directory: string,
): Promise<{ packageCount: number }> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  await run('tar', [
    '--extract',
    '--numeric-owner',
    '--file',
    baseRootFile(cacheDirectory, archives),
    '--directory',
    directory,
  ]);
  // The root is our own and was written a moment ago; nothing has run in it that could have planted a link.
  await writeFile(
    join(directory, 'etc/apt/sources.list'),
    [
      `deb [signed-by=${keyring}] ${archives.main} ${suite} main`,
      `deb [signed-by=${keyring}] ${archives.security} ${suite}-security main`,
      '',
    ].join('\n'),
  );
  await writeFile(join(directory, 'etc/hostname'), 'web-1\n');
  const status = await readFile(join(directory, 'var/lib/dpkg/status'), 'utf8');
  return { packageCount: status.match(/^Status: install ok installed$/gm)?.length ?? 0 };
}
