import { archiveKey, type SimulatedChange } from '@patchbay/facts';
import {
  type AnnouncedChange,
  groupChanges,
  type IndexStanza,
  packageKey,
  parseDpkgStatus,
  type RelatedPackage,
} from '@patchbay/package-managers';
import type { Machine } from '../machine/index.ts';
import { type ListedArchive, readIndex } from './package-lists.ts';
import { readRequired } from './static-facts.ts';

/** The indexes of the used lists, read again for packages that are not installed yet. */
export interface IndexReader {
  find(names: ReadonlySet<string>): Promise<{ archive: ListedArchive; stanzas: readonly IndexStanza[] }[]>;
}

type Found = Awaited<ReturnType<IndexReader['find']>>;

export function openIndexReader(machine: Machine, archives: readonly ListedArchive[]): IndexReader {
  return {
    async find(names) {
      const found: Found = [];
      for (const archive of archives) {
        if (archive.indexPath === null) continue;
        found.push({ archive, stanzas: await readIndex(machine, archive.indexPath, names) });
      }
      return found;
    },
  };
}

/**
 * The same for lists that do not change meanwhile and names known beforehand: read once, however often they are asked
 * for. Other names are read as they come.
 */
export function rememberIndexes(reader: IndexReader, names: ReadonlySet<string>): IndexReader {
  let known: Promise<Found> | null = null;
  return {
    async find(wanted) {
      if ([...wanted].some((name) => !names.has(name))) return await reader.find(wanted);
      known ??= reader.find(names);
      return (await known).map(({ archive, stanzas }) => ({
        archive,
        stanzas: stanzas.filter(({ name }) => wanted.has(name)),
      }));
    },
  };
}

/** Announced changes with what our own reading of the indexes says about each, in groups that stand for themselves. */
export async function describeChanges(
  machine: Machine,
  reader: IndexReader,
  nativeArchitecture: string,
  announced: readonly AnnouncedChange[],
): Promise<SimulatedChange[][]> {
  if (announced.length === 0) return [];
  const sources = await reader.find(new Set(announced.map(({ name }) => name)));
  const { relations } = parseDpkgStatus(await readRequired(machine, '/var/lib/dpkg/status'));
  const incoming = new Map<string, RelatedPackage>();
  const changes = announced.map((change): SimulatedChange => {
    const { name, action, fromVersion, toVersion, origins } = change;
    const present = [...relations.values()].filter((one) => one.name === name);
    if (toVersion === null) {
      const removed = present.find((one) => change.architecture === null || one.architecture === change.architecture);
      const architecture = removed?.architecture ?? change.architecture ?? nativeArchitecture;
      return { name, architecture, action, fromVersion, toVersion, origins, ...fromNowhere };
    }
    const architecture = change.architecture ?? nativeArchitecture;
    const carriers = sources.flatMap(({ archive, stanzas }) => {
      const stanza = stanzas.find(
        (one) => one.name === name && one.version === toVersion && one.architecture === architecture,
      );
      return stanza === undefined ? [] : [{ archive, stanza }];
    });
    const carrier = carriers.find(({ archive }) => archive.observation.status === 'current') ?? carriers[0];
    const described = { name, architecture, action, fromVersion, toVersion, origins };
    if (carrier === undefined) return { ...described, ...fromNowhere };
    const { stanza, archive } = carrier;
    incoming.set(packageKey(described), { ...stanza });
    return {
      ...described,
      filename: stanza.filename,
      sizeBytes: stanza.sizeBytes,
      sha256: stanza.sha256,
      archive: archiveKey(archive.observation.address),
      indexDigest: archive.observation.indexDigest ?? '',
    };
  });
  return groupChanges(changes, relations, incoming);
}

const fromNowhere = { filename: '', sizeBytes: 0, sha256: '', archive: '', indexDigest: '' } as const;
