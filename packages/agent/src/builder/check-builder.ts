import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { redactCredentials } from '@patchbay/facts';
import { managedImages } from '@patchbay/patching';
import { readAuthFile } from '../images/registry-credentials.ts';
import { chooseDriver } from '../images/store-parts.ts';
import { describeError } from '../log.ts';
import { openMachine } from '../machine/index.ts';
import { findTool } from '../machine/system-tools.ts';
import { findDebianArchives, openProxiedNetwork } from '../network/index.ts';
import { fetchRelease } from './base-image.ts';
import { BuilderError } from './builder-error.ts';
import type { BuilderSettings } from './builder-settings.ts';
import { builderTools } from './tool-versions.ts';

/** One thing that building images takes, and whether this machine has it. */
export interface BuilderFinding {
  readonly what: string;
  readonly isThere: boolean;
  /** What was found, or what to do about what was not. */
  readonly detail: string;
}

export interface BuilderCheck {
  readonly settings: Pick<BuilderSettings, 'archives' | 'keyring' | 'registryAuthFile' | 'parentImageDirectory'>;
  /** Where a builder would keep its images; need not exist. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** Two base images, what is built upon them and room to work; a copy of every layer where there is no overlay. */
const neededGigabytes = { overlay: 3, vfs: 8 } as const;

/** Says what this machine lacks to build images. Installs nothing, and leaves nothing behind. */
export async function checkBuilder(check: BuilderCheck): Promise<BuilderFinding[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'patchbay-check-'));
  try {
    return [
      checkRootUser(),
      ...checkTools(),
      await find('namespaces and mounts', () => enterNamespaces(scratch)),
      await find('networks of builds', openNetwork),
      ...(await checkStorage(check.directory)),
      ...(await checkArchives(check, scratch)),
      await checkCredentials(check.settings.registryAuthFile),
      await checkParentImages(check.settings.parentImageDirectory),
    ];
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function find(what: string, look: () => Promise<string>): Promise<BuilderFinding> {
  try {
    return { what, isThere: true, detail: await look() };
  } catch (error) {
    return { what, isThere: false, detail: redactCredentials(describeError(error)) };
  }
}

function checkRootUser(): BuilderFinding {
  const isThere = process.getuid?.() === 0;
  return { what: 'root', isThere, detail: isThere ? 'this is root' : 'a builder runs as root: use sudo' };
}

function checkTools(): BuilderFinding[] {
  return [...builderTools].map(([program, packageName]) => {
    const path = findTool(program);
    return { what: program, isThere: path !== null, detail: path ?? `apt-get install ${packageName}` };
  });
}

/** Makes the namespaces that every command of a build gets, and the mounts in them; all end with the command. */
async function enterNamespaces(scratch: string): Promise<string> {
  const machine = await openMachine({ root: null, workDirectory: join(scratch, 'machine'), access: 'read-only' });
  try {
    const namespaces = ['--mount', '--pid', '--uts', '--ipc', '--fork', '--propagation', 'slave'];
    const mounts = 'mount -t proc proc /proc && mount -t tmpfs tmpfs /mnt && mount --bind /proc /mnt';
    const argv = ['unshare', ...namespaces, '--', '/bin/sh', '-c', mounts] as const;
    const output = await machine.run({ argv: [...argv], timeoutSeconds: 30 });
    if (output.exitCode !== 0) {
      const detail = output.stderr.trim() || `unshare ended with status ${output.exitCode}`;
      throw new BuilderError('NOT_PERMITTED', `this machine permits root no namespaces or mounts: ${detail}`);
    }
  } finally {
    await machine.close();
  }
  return 'permitted';
}

async function openNetwork(): Promise<string> {
  const network = await openProxiedNetwork({ allowedHosts: [], onRefused: () => {} });
  network.close();
  return 'a network apart from this machine can be made';
}

async function checkStorage(directory: string): Promise<BuilderFinding[]> {
  const place = nearestDirectory(directory);
  const driver = chooseDriver(place);
  const { bavail, bsize } = statfsSync(place);
  const gigabytes = (bavail * bsize) / 1e9;
  const needed = neededGigabytes[driver];
  const copies = 'vfs: every image is a whole copy, since there is no overlay; slower, and more disk';
  return [
    { what: 'storage', isThere: true, detail: driver === 'overlay' ? 'overlay' : copies },
    {
      what: 'free disk space',
      isThere: gigabytes >= needed,
      detail: `${gigabytes.toFixed(1)} GB free in ${place}, ${needed} GB are needed`,
    },
  ];
}

function nearestDirectory(path: string): string {
  const absolute = resolve(path);
  return existsSync(absolute) ? absolute : nearestDirectory(dirname(absolute));
}

/** What base images are made from: the archives are fetched and their signatures verified, by apt. */
async function checkArchives({ settings, signal }: BuilderCheck, scratch: string): Promise<BuilderFinding[]> {
  const { keyring } = settings;
  const keyringFound = await find('keyring', async () => {
    readFileSync(keyring);
    return keyring;
  });
  if (!keyringFound.isThere) {
    const detail = `${keyring} cannot be read: apt-get install debian-archive-keyring, or name another with --keyring`;
    return [{ ...keyringFound, detail }];
  }
  const host = await openMachine({ root: null, workDirectory: join(scratch, 'host'), access: 'read-write' });
  try {
    const findings: BuilderFinding[] = [keyringFound];
    for (const { name, release } of managedImages) {
      findings.push(
        await find(`archive of ${name}`, async () => {
          const archives = settings.archives ?? (await findDebianArchives());
          const request = { archives, keyring, directory: scratch, host, signal };
          const found = await fetchRelease(request, release);
          return `${archives.main} ${release} ${found.version} of ${found.date}`;
        }),
      );
    }
    return findings;
  } finally {
    await host.close();
  }
}

async function checkCredentials(authFile: string | null): Promise<BuilderFinding> {
  const what = 'credentials of registries';
  if (authFile === null) return { what, isThere: true, detail: 'none: registries are used without' };
  return await find(what, async () => {
    readAuthFile(authFile);
    return authFile;
  });
}

async function checkParentImages(directory: string | null): Promise<BuilderFinding> {
  const what = 'images to build upon';
  if (directory === null)
    return { what, isThere: true, detail: 'none of its own: base images and those of registries' };
  return await find(what, async () => `${readdirSync(directory).length} in ${directory}`);
}
