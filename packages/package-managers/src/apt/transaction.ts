import type { PackageName, Target } from '@patchbay/facts';
import { ParseError } from '../parse-error.ts';
import type { Argv, CommandOutput, Query } from '../query.ts';
import { requireSuccess } from './archives.ts';
import { type AptOptions, aptArguments, exactRequest } from './options.ts';
import { formatTarget } from './simulation.ts';

export interface DownloadUri {
  /** May carry credentials: for fetching only, never for facts. */
  readonly uri: string;
  /** Its name in apt's archives directory. */
  readonly filename: string;
  readonly sizeBytes: number;
  /** Empty where the index names none. */
  readonly sha256: string;
}

export interface PlannedDownloads {
  readonly downloads: readonly DownloadUri[];
  /** As apt rounds it; negative when space is freed. */
  readonly diskBytes: number;
}

/** Whoever holds the lock that apt or dpkg waited for. */
export interface LockHolder {
  readonly path: string;
  readonly processId: number | null;
  readonly processName: string | null;
}

// dpkg(1), --force-confdef, --force-confold: the owner's changed files stay; untouched ones follow the package.
const conffilePolicy = ['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold'];

/** What would be downloaded for these targets, already cached files included. */
export function printUris(targets: readonly Target[], options: AptOptions): Query<PlannedDownloads> {
  return {
    // Without ForceHash apt prints MD5 sums, or none.
    argv: [
      'apt-get',
      ...aptArguments(options),
      '-o',
      'Acquire::ForceHash=SHA256',
      '-q',
      '--print-uris',
      '-y',
      ...exactRequest,
      'install',
      ...targets.map(formatTarget),
    ],
    parse: parsePlannedDownloads,
  };
}

export function parsePlannedDownloads(output: CommandOutput): PlannedDownloads {
  requireSuccess(output, 'apt-get --print-uris');
  let diskBytes = 0;
  const downloads: DownloadUri[] = [];
  for (const [index, line] of output.stdout.split('\n').entries()) {
    const disk =
      /^After this operation, ([\d.,]+) ?([kMGT]?B) (?:of additional disk space will be used|disk space will be freed)/.exec(
        line,
      );
    if (disk?.[1] !== undefined) {
      const bytes = Math.round(Number(disk[1].replaceAll(',', '')) * (unitBytes[disk[2] ?? 'B'] ?? 1));
      diskBytes = line.includes('freed') ? -bytes : bytes;
    }
    if (!line.startsWith("'")) continue;
    const match = /^'([^']+)' (\S+) (\d+) ?(?:(\w+):([0-9a-f]+))?$/.exec(line.trimEnd());
    if (match?.[1] === undefined) throw new ParseError('UNREADABLE_OUTPUT', 'apt-get --print-uris', index + 1, line);
    const sha256 = match[4] === 'SHA256' ? (match[5] ?? '') : '';
    downloads.push({ uri: match[1], filename: match[2] ?? '', sizeBytes: Number(match[3]), sha256 });
  }
  return { downloads, diskBytes };
}

const unitBytes: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** Fetches the packages of a group into apt's archives directory and changes nothing else. */
export function downloadArgv(targets: readonly Target[], options: AptOptions): Argv {
  return [
    'apt-get',
    ...aptArguments(options),
    '-q',
    '-y',
    ...exactRequest,
    '--download-only',
    'install',
    ...targets.map(formatTarget),
  ];
}

/**
 * Installs exactly these versions from what was downloaded. Name every change of the group, new packages included: then
 * apt has nothing left to choose, and recommended packages that the plan does not name stay out.
 */
export function installArgv(targets: readonly Target[], options: AptOptions): Argv {
  return [
    'apt-get',
    ...aptArguments(options),
    ...conffilePolicy,
    '-q',
    '-y',
    ...exactRequest,
    '--no-download',
    '--no-install-recommends',
    'install',
    ...targets.map(formatTarget),
  ];
}

/** Completes what an earlier run left half done; it comes before every transaction. */
export const configurePendingArgv: Argv = ['dpkg', '--force-confdef', '--force-confold', '--configure', '-a'];

/** dpkg's own complaints about half-done packages; empty when there are none. */
export const audit: Query<string> = {
  argv: ['dpkg', '--audit'],
  parse: (output) => {
    // dpkg(1): status 1 means that there is something to report.
    if (output.exitCode > 1) requireSuccess(output, 'dpkg --audit');
    return output.stdout.trim();
  },
};

/** Naming a package marks it as wanted by hand; this restores the mark. */
export function markAutomaticArgv(packages: readonly PackageName[]): Argv {
  return [
    'apt-mark',
    'auto',
    ...packages.map(({ name, architecture }) => (architecture === 'all' ? name : `${name}:${architecture}`)),
  ];
}

/** Writes a list file, in whatever compression, to standard output uncompressed. */
export function catFileArgv(path: string): Argv {
  return ['/usr/lib/apt/apt-helper', 'cat-file', path];
}

/** Who holds the lock for which a command gave up; null when it failed for another reason. */
export function findLockHolder(output: CommandOutput): LockHolder | null {
  const text = `${output.stdout}\n${output.stderr}`;
  const refused =
    /^E: (?:Unable to acquire the dpkg frontend lock \(([^)]+)\)|Could not get lock ([^\s.]+(?:\.[^\s.]+)*)|Unable to lock (?:directory )?(\S+))/m.exec(
      text,
    );
  // "another process" in Debian 12; since dpkg 1.22 its name, or `<unknown>` where dpkg cannot see it.
  const dpkgLock = /dpkg (frontend|database) lock was locked by (.+) process with pid (\d+)/.exec(text);
  if (refused === null && dpkgLock === null) return null;
  const holder = /Could not get lock (\S+?)\.? It is held by process (\d+)(?: \(([^)]+)\))?/.exec(text);
  const processId = holder?.[2] ?? dpkgLock?.[3];
  const dpkgName = ['another', '<unknown>'].includes(dpkgLock?.[2] ?? '') ? null : dpkgLock?.[2];
  const dpkgPath = dpkgLock?.[1] === 'database' ? '/var/lib/dpkg/lock' : '/var/lib/dpkg/lock-frontend';
  return {
    path: holder?.[1] ?? refused?.[1] ?? refused?.[2] ?? refused?.[3] ?? dpkgPath,
    processId: processId === undefined ? null : Number(processId),
    processName: holder?.[3] ?? dpkgName ?? null,
  };
}
