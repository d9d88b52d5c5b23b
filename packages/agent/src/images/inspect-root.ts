import { parseOsRelease } from '@patchbay/package-managers';
import { evaluatedOperatingSystems } from '@patchbay/patching';
import { openFileTree } from '../machine/file-tree.ts';
import type { FileStatus } from '../machine/index.ts';
import { ImageError } from './image-error.ts';
import { formatPlatform, type ImageConfig, ownPlatform } from './image-manifest.ts';

/** What a root must have for packages to be judged and changed in it: all of it belongs to dpkg, apt and base-files. */
const needed = [
  ['/var/lib/dpkg/status', 'it has no status file of dpkg, so nothing says what is installed'],
  ['/usr/bin/dpkg', 'it has no dpkg'],
  ['/usr/bin/apt-get', 'it has no apt'],
  ['/bin/sh', 'it has no shell, without which no package can be configured'],
] as const;

/** Mounted over while commands run in it. */
const mountPoints = ['/proc', '/sys', '/dev', '/run', '/tmp'] as const;

/**
 * Says whether a root can be worked in, by reading alone: nothing of it is run, and no link leads out of it.
 * @throws ImageError UNSUPPORTED_IMAGE with the reason
 */
export async function requireWorkableRoot(
  rootDirectory: string,
  config: Pick<ImageConfig, 'os' | 'architecture'>,
  name: string,
): Promise<void> {
  const reason = await explainUnworkable(rootDirectory, config);
  if (reason !== null) throw new ImageError('UNSUPPORTED_IMAGE', `${name} cannot be judged or patched: ${reason}.`);
}

/** Null where it can be worked in. */
async function explainUnworkable(
  rootDirectory: string,
  { os, architecture }: Pick<ImageConfig, 'os' | 'architecture'>,
): Promise<string | null> {
  const own = ownPlatform();
  if (os !== own.os || architecture !== own.architecture) {
    return `it is for ${formatPlatform({ os, architecture, variant: null })}, which this machine (${formatPlatform(own)}) does not run`;
  }
  const files = openFileTree(rootDirectory);
  const kindOf = (path: string): FileStatus['kind'] | null => {
    try {
      return files.stat(path)?.kind ?? null;
    } catch {
      // Links in a circle, a file where a directory should be: not what is wanted in any case.
      return null;
    }
  };
  try {
    if (kindOf('/var/lib/dpkg/status.d') === 'directory') {
      return 'it is distroless (it has /var/lib/dpkg/status.d and no package manager): build it again from newer packages';
    }
    const named = kindOf('/etc') === 'directory' ? files.listDirectory('/etc') : null;
    if (named?.includes('os-release') === true && kindOf('/etc/os-release') !== 'file') {
      return 'its /etc/os-release leads to no file in it';
    }
    const release = ['/etc/os-release', '/usr/lib/os-release'].find((path) => kindOf(path) === 'file');
    if (release === undefined) return 'it has no os-release, so nothing says which distribution it is';
    const bytes = await files.readFile(release);
    const { operatingSystem, prettyName, versionId } = parseOsRelease(Buffer.from(bytes ?? []).toString('utf8'));
    if (operatingSystem === null || !evaluatedOperatingSystems.has(operatingSystem)) {
      return `Patchbay does not know the packages of ${prettyName || 'its distribution'}`;
    }
    if (versionId === '') return `${prettyName} is no release: its os-release has no VERSION_ID`;
    const lacking = needed.find(([path]) => kindOf(path) !== 'file');
    if (lacking !== undefined) return lacking[1];
    const absent = mountPoints.find((path) => kindOf(path) !== 'directory');
    return absent === undefined ? null : `it has no directory ${absent}`;
  } catch (error) {
    return `its os-release cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    files.close();
  }
}
