import { createHash } from 'node:crypto';
import { type ArchiveAddress, type ArchiveObservation, archiveKey } from '@patchbay/facts';
import {
  type ArchiveTarget,
  archiveTargets,
  type ConfiguredArchive,
  catFileArgv,
  commandEnvironment,
  configuredArchives,
  type IndexStanza,
  type OfferedIndex,
  parseRelease,
  type ReleaseFile,
  readPackagesIndex,
} from '@patchbay/package-managers';
import type { Machine } from '../machine/index.ts';
import { type AptWorkspace, ask } from './apt-workspace.ts';
import { describeError, PatcherError } from './patcher-error.ts';

/** One configured archive with the index that the lists hold of it; what became of it lately is judged elsewhere. */
export interface ListedArchive {
  readonly observation: ArchiveObservation;
  /** As commands see it, below the work directory relative to that; null when it was never fetched. */
  readonly indexPath: string | null;
}

/** An archive together with its Release file, as `computeOffers` needs it. */
interface ReleasedArchive extends ListedArchive {
  readonly release: ReleaseFile | null;
}

/** All archives that the sources name, and what the lists hold of them, in apt's order. */
export async function findArchives(machine: Machine, workspace: AptWorkspace): Promise<ReleasedArchive[]> {
  const [named, configured] = await Promise.all([
    // Without this apt parses all Release files first, which takes it longer than everything that we do.
    ask(machine, archiveTargets(workspace.options), { settings: ['APT::Get::IndexTargets::ReleaseInfo=false'] }),
    ask(machine, configuredArchives(workspace.options)),
  ]);
  const listed = await Promise.all(named.map((target) => readTarget(machine, target)));
  // Without a list of its own, `all` is part of the other architectures' lists; only the Release file would tell.
  const released = listed.filter(
    ({ indexPath, observation }) => indexPath !== null || observation.address.architecture !== 'all',
  );
  const known = new Set(released.map(({ observation }) => archiveKey(observation.address)));
  return [...released, ...configured.filter(({ address }) => !known.has(archiveKey(address))).map(neverFetched)];
}

/** How apt may have compressed an index that it keeps (apt.conf(5), Acquire::GzipIndexes). */
const compressions = ['', '.lz4', '.gz', '.xz', '.zst', '.bz2', '.lzma'] as const;

async function findIndexFile(machine: Machine, path: string): Promise<string | null> {
  for (const compression of compressions) {
    if ((await machine.stat(`${path}${compression}`)) !== null) return `${path}${compression}`;
  }
  return null;
}

const neverFetchedReason = 'its package lists were never fetched';

function neverFetched({ address }: ConfiguredArchive): ReleasedArchive {
  return {
    observation: { address, status: 'unreachable', reason: neverFetchedReason, release: null, indexDigest: null },
    indexPath: null,
    release: null,
  };
}

async function readTarget(machine: Machine, target: ArchiveTarget): Promise<ReleasedArchive> {
  const { address, metaKey } = target;
  try {
    const indexPath = await findIndexFile(machine, target.filename);
    const release = await readReleaseFile(machine, target.releaseFilenames);
    const index = release?.indexes.get(metaKey);
    // apt does not fetch what is empty anyway, as bookworm-updates mostly is.
    const isListed = indexPath !== null || index?.sizeBytes === 0;
    return {
      observation: {
        address,
        status: isListed ? 'current' : 'unreachable',
        reason: isListed ? null : neverFetchedReason,
        release: release?.fields ?? null,
        indexDigest: index === undefined || !isListed ? null : `sha256:${index.sha256}`,
      },
      indexPath: indexPath === null ? null : toLasting(machine, indexPath),
      release,
    };
  } catch (error) {
    return { observation: unreadable(address, describeError(error)), indexPath: null, release: null };
  }
}

export function unreadable(address: ArchiveAddress, reason: string): ArchiveObservation {
  return { address, status: 'unreadable', reason, release: null, indexDigest: null };
}

async function readReleaseFile(machine: Machine, paths: readonly string[]): Promise<ReleaseFile | null> {
  for (const path of paths) {
    const bytes = await machine.readFile(path);
    if (bytes !== null) return parseRelease(Buffer.from(bytes).toString('utf8'), path);
  }
  return null;
}

/** The wanted packages of all readable archives; an archive that cannot be read turns into one with that status. */
export async function readOfferedIndexes(
  machine: Machine,
  archives: readonly ReleasedArchive[],
  wantedNames: ReadonlySet<string>,
): Promise<{ archives: ReleasedArchive[]; indexes: OfferedIndex[] }> {
  const read: ReleasedArchive[] = [];
  const indexes: OfferedIndex[] = [];
  for (const [position, archive] of archives.entries()) {
    const { address } = archive.observation;
    try {
      const stanzas = archive.indexPath === null ? [] : await readIndex(machine, archive.indexPath, wantedNames);
      // Where there is no index there is nothing to offer, and no place in apt's order either.
      if (archive.indexPath !== null) indexes.push({ archive: position, address, release: archive.release, stanzas });
      read.push(archive);
    } catch (error) {
      read.push({ ...archive, observation: unreadable(address, describeError(error)), indexPath: null });
    }
  }
  return { archives: read, indexes };
}

const workMark = '@work';

/** The work directory has another place in a read-only view of a host than in a writable one. */
function toLasting(machine: Machine, path: string): string {
  const { inside } = machine.workDirectory;
  return path.startsWith(`${inside}/`) ? `${workMark}${path.slice(inside.length)}` : path;
}

/** The stanzas of the wanted packages in one list file (`indexPath`), whatever its compression. */
export async function readIndex(
  machine: Machine,
  indexPath: string,
  wantedNames: ReadonlySet<string>,
): Promise<IndexStanza[]> {
  const path = indexPath.startsWith(`${workMark}/`)
    ? `${machine.workDirectory.inside}${indexPath.slice(workMark.length)}`
    : indexPath;
  const plainPath = path.endsWith('Packages') ? path : await unpackList(machine, path);
  const bytes = await machine.readFile(plainPath);
  if (bytes === null) throw new PatcherError('UNREADABLE_STATE', `${path} is gone`);
  return readPackagesIndex(bytes, wantedNames, path);
}

/** A plain copy of a compressed list in our work directory; made once for each state of the list. */
async function unpackList(machine: Machine, path: string): Promise<string> {
  const status = await machine.stat(path);
  if (status === null) throw new PatcherError('UNREADABLE_STATE', `${path} is gone`);
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
  const copies = `${machine.workDirectory.inside}/plain/${hash(path)}`;
  const plainPath = `${copies}-${hash(`${status.inode} ${status.sizeBytes} ${status.modifiedAtMs}`)}`;
  if ((await machine.stat(plainPath)) !== null) return plainPath;
  await machine.writeWorkFile('plain/.patchbay', '');
  // Copies of earlier states of the list go, or they would fill the disk.
  const script = 'rm -f "$1"-*; new=$2; shift 2; "$@" >"$new.new" && mv "$new.new" "$new"';
  const output = await machine.run({
    argv: ['/bin/sh', '-c', script, 'sh', copies, plainPath, ...catFileArgv(path)],
    environment: commandEnvironment,
    timeoutSeconds: 120,
  });
  if (output.exitCode !== 0) {
    throw new PatcherError(
      'UNREADABLE_STATE',
      `${path} cannot be unpacked: ${output.stderr.trim() || 'no reason given'}`,
    );
  }
  return plainPath;
}
