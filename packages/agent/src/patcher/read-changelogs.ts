import { createHash } from 'node:crypto';
import type { Begun, ChangelogReading } from '@patchbay/contracts';
import {
  changelogMembers,
  commandEnvironment,
  downloadFileArgv,
  findChangelogDateLine,
} from '@patchbay/package-managers';
import type { ChangelogQuestion } from '@patchbay/patching';
import type { CommandOutput, Machine } from '../machine/index.ts';
import { type AptWorkspace, type ListsSource, prepareAptWorkspace, withSettings } from './apt-workspace.ts';

type Limits = Pick<NonNullable<Begun['changelogs']>, 'packageBytes' | 'runBytes'>;
type Question = Omit<ChangelogQuestion, 'archives'>;
type Carrier = Question['packages'][number];

const downloadTimeoutSeconds = 600;
const unpackTimeoutSeconds = 60;
/** The wanted entry stands at the top, at most behind that of a rebuild. */
const changelogBytes = 256 * 1024;
const mostProblems = 3;

/**
 * Reads the changelogs that date source versions: apt fetches the smallest package of each into the private workspace and
 * compares it with the signed index, and nothing of it is installed. What the limit of the run leaves out stays open.
 */
export async function readChangelogs(
  machine: Machine,
  lists: ListsSource,
  questions: readonly Question[],
  limits: Limits,
): Promise<ChangelogReading[]> {
  if (questions.length === 0) return [];
  const workspace = await prepareAptWorkspace(machine, lists);
  await machine.writeWorkFile(`${folder}/.patchbay`, '');
  const readings: ChangelogReading[] = [];
  let bytesLeft = limits.runBytes;
  const bySize = [...questions].sort((left, right) => smallestOf(left) - smallestOf(right));
  try {
    for (const question of bySize) {
      const { reading, bytes } = await readChangelog(machine, workspace, question, limits, bytesLeft);
      bytesLeft -= bytes;
      if (reading !== null) readings.push(reading);
    }
  } finally {
    await run(machine, ['rm', '-rf', '--', folderInside(machine)], unpackTimeoutSeconds);
  }
  return readings;
}

const folder = 'changelogs';

function folderInside(machine: Machine): string {
  return `${machine.workDirectory.inside}/${folder}`;
}

function smallestOf({ packages }: Question): number {
  return Math.min(...packages.map(({ sizeBytes }) => sizeBytes));
}

async function readChangelog(
  machine: Machine,
  workspace: AptWorkspace,
  { source, sourceVersion, packages }: Question,
  { packageBytes }: Limits,
  bytesLeft: number,
): Promise<{ reading: ChangelogReading | null; bytes: number }> {
  const about = { source, sourceVersion };
  const problems: string[] = [];
  let bytes = 0;
  for (const carrier of packages) {
    const file = `${carrier.name}_${carrier.version}_${carrier.architecture}`;
    if (carrier.sizeBytes > packageBytes) {
      problems.push(`${file} has ${carrier.sizeBytes} bytes, and no more than ${packageBytes} are fetched for a date`);
      break;
    }
    if (bytes + carrier.sizeBytes > bytesLeft) return { reading: null, bytes };
    bytes += carrier.sizeBytes;
    const found = await readFrom(machine, workspace, carrier, about);
    if ('dateLine' in found) {
      const { name, architecture, version, sha256 } = carrier;
      const read = { name, architecture, version, sha256 };
      return { reading: { ...about, package: read, dateLine: found.dateLine, problem: null }, bytes };
    }
    problems.push(`${file}: ${found.problem}`);
  }
  const shown = problems.slice(0, mostProblems).join('; ').slice(0, 1000);
  const problem = shown === '' ? 'no package of it is offered' : shown;
  return { reading: { ...about, package: null, dateLine: null, problem }, bytes };
}

/** Downloads into a folder of its own, since apt chooses the name of the file, and removes it again. */
async function readFrom(
  machine: Machine,
  workspace: AptWorkspace,
  carrier: Carrier,
  { source, sourceVersion }: { readonly source: string; readonly sourceVersion: string },
): Promise<{ dateLine: string } | { problem: string }> {
  const target = folderInside(machine);
  const download = withSettings(downloadFileArgv(carrier, workspace.options), workspace.settings);
  const fetched = await run(machine, inFolder(target, download), downloadTimeoutSeconds);
  if (fetched.exitCode !== 0) return { problem: `it could not be fetched: ${describeFailure(fetched)}` };
  const filename = `${carrier.name}_${carrier.version.replaceAll(':', '%3a')}_${carrier.architecture}.deb`;
  const path = `${target}/${filename}`;
  try {
    const bytes = await machine.readFile(path);
    if (bytes === null) return { problem: `apt did not leave ${filename}` };
    if (createHash('sha256').update(bytes).digest('hex') !== carrier.sha256) {
      return { problem: 'it is not the file that the archive offered' };
    }
    const text = await unpackChangelog(machine, path, carrier.name);
    if (text === null) return { problem: 'it holds no changelog' };
    const dateLine = findChangelogDateLine(text, source, sourceVersion);
    return dateLine === null ? { problem: `its changelog has no entry of ${source} ${sourceVersion}` } : { dateLine };
  } finally {
    await run(machine, ['rm', '-f', '--', path], unpackTimeoutSeconds);
  }
}

const unpackScript = `set -e
dpkg-deb --fsys-tarfile "$1" | tar --extract --to-stdout --file - -- "$2" 2>/dev/null | case $2 in
  *.gz) gzip -dc ;;
  *) cat ;;
esac`;

async function unpackChangelog(machine: Machine, path: string, packageName: string): Promise<string | null> {
  for (const member of changelogMembers(packageName)) {
    const argv = ['/bin/sh', '-c', unpackScript, 'sh', path, member] as const;
    const { stdout } = await run(machine, argv, unpackTimeoutSeconds, changelogBytes);
    if (stdout !== '') return stdout;
  }
  return null;
}

function inFolder(directory: string, argv: readonly string[]): readonly [string, ...string[]] {
  return ['/bin/sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', directory, ...argv];
}

async function run(
  machine: Machine,
  argv: readonly [string, ...string[]],
  timeoutSeconds: number,
  outputLimitBytes?: number,
): Promise<CommandOutput> {
  return await machine.run({
    argv,
    environment: commandEnvironment,
    timeoutSeconds,
    ...(outputLimitBytes === undefined ? {} : { outputLimitBytes }),
  });
}

function describeFailure({ stderr, isTimedOut }: CommandOutput): string {
  if (isTimedOut) return `apt did not end within ${downloadTimeoutSeconds} seconds`;
  const messages = stderr.split('\n').filter((line) => line.startsWith('E: '));
  return messages.map((line) => line.slice(3)).join('; ') || 'no reason given';
}
