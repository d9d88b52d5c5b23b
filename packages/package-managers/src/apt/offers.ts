import {
  type ArchiveAddress,
  type InstalledPackage,
  type Offer,
  type OfferedVersion,
  type PackageName,
  type Pin,
} from '@patchbay/facts';
import { versionSchemes } from '@patchbay/versioning';
import type { RelationTexts } from './control-file.ts';
import type { IndexStanza } from './packages-index.ts';
import { makePinPolicy, type PinnedArchive, type PinPolicy, statusFile } from './pin-policy.ts';
import type { ReleaseFile } from './release.ts';

/** What of a stanza offers are made of. */
export type OfferedStanza = Omit<IndexStanza, keyof RelationTexts>;

/** What of a Release file pins and priorities look at. */
export type ReleaseTraits = Pick<ReleaseFile, 'fields' | 'version' | 'notAutomatic' | 'butAutomaticUpgrades'>;

/** One readable index, as far as it concerns the installed packages. */
export interface OfferedIndex {
  /** Position of its archive in `Offers.archives`. */
  readonly archive: number;
  readonly address: ArchiveAddress;
  /** Null for an archive without a Release file, which an owner can only have by trusting it explicitly. */
  readonly release: ReleaseTraits | null;
  readonly stanzas: readonly OfferedStanza[];
}

export interface OfferRequest {
  readonly installed: readonly InstalledPackage[];
  readonly indexes: readonly OfferedIndex[];
  readonly architecture: string;
  /** In the order in which apt reads them. */
  readonly pins: readonly Pin[];
  /** `APT::Default-Release`; null where it is not set. */
  readonly defaultRelease: string | null;
}

/** A version that dpkg's order does not cover: its package is unknown, never up to date. */
export interface UncomparableVersion extends PackageName {
  readonly version: string;
  /** Position of the archive; null for the installed version. */
  readonly archive: number | null;
}

export interface ComputedOffers {
  /** One per installed package, in its order. */
  readonly offers: Offer[];
  readonly uncomparable: UncomparableVersion[];
}

/**
 * Archives that have not told everything, by their position, each with why: an offer that cannot be ordered may be a fix.
 */
export function explainUncomparable(uncomparable: readonly UncomparableVersion[]): Map<number, string> {
  const reasons = new Map<number, string>();
  for (const { name, version, archive } of uncomparable) {
    if (archive === null) continue;
    reasons.set(archive, `it offers ${name} with the version ${JSON.stringify(version)}, which is not a valid one`);
  }
  return reasons;
}

interface Candidate {
  readonly version: string;
  readonly stanza: OfferedStanza | null;
  readonly positions: number[];
}

const scheme = versionSchemes.dpkg;

/**
 * What the archives offer for each installed package, with the candidate and the priorities that `apt-cache policy`
 * prints for it. Holds and phasing change neither.
 */
export function computeOffers(request: OfferRequest): ComputedOffers {
  const archives = [...request.indexes.map(describeArchive), statusFile];
  const policy = makePinPolicy(archives, request.pins, request.defaultRelease, request.architecture);
  const byPackage = groupStanzas(request);
  const uncomparable: UncomparableVersion[] = [];
  const offers = request.installed.map((installed): Offer => {
    const name = { name: installed.name, architecture: installed.architecture };
    if (!scheme.isValid(installed.version)) {
      uncomparable.push({ ...name, version: installed.version, archive: null });
      return { ...name, candidate: null, versions: [] };
    }
    const found = byPackage.get(nativeKey(installed, request.architecture)) ?? [];
    const candidates = new Map<string, Candidate>();
    for (const { stanza, position } of found) {
      if (!scheme.isValid(stanza.version)) {
        uncomparable.push({ ...name, version: stanza.version, archive: request.indexes[position]?.archive ?? null });
        continue;
      }
      const known = candidates.get(stanza.version);
      if (known === undefined)
        candidates.set(stanza.version, { version: stanza.version, stanza, positions: [position] });
      else if (!known.positions.includes(position)) known.positions.push(position);
    }
    return { ...name, ...choose(installed, [...candidates.values()], archives, policy, request) };
  });
  return { offers, uncomparable };
}

function choose(
  installed: InstalledPackage,
  offered: readonly Candidate[],
  archives: readonly PinnedArchive[],
  policy: PinPolicy,
  request: OfferRequest,
): Pick<Offer, 'candidate' | 'versions'> {
  const statusPosition = archives.length - 1;
  const isOffered = offered.some((candidate) => candidate.version === installed.version);
  const all = isOffered ? [...offered] : [...offered, { version: installed.version, stanza: null, positions: [] }];
  all.sort((left, right) => scheme.compare(right.version, left.version));

  let candidate: string | null = null;
  let candidatePriority = 0;
  const versions: OfferedVersion[] = [];
  for (const { version, stanza, positions } of all) {
    const isInstalled = version === installed.version;
    const carriers = isInstalled ? [...positions, statusPosition] : positions;
    const priority = priorityOf(version, stanza ?? installed, carriers, archives, policy, request.architecture);
    const order = scheme.compare(version, installed.version);
    // apt_preferences(5): only a priority of 1000 or more brings in a version older than the installed one.
    if (priority > candidatePriority && (order >= 0 || priority >= 1000)) {
      candidate = version;
      candidatePriority = priority;
    }
    if (stanza !== null && order >= 0) versions.push(describeVersion(stanza, positions, priority, request));
  }
  return { candidate, versions };
}

function priorityOf(
  version: string,
  names: { readonly name: string; readonly architecture: string; readonly source: string },
  positions: readonly number[],
  archives: readonly PinnedArchive[],
  policy: PinPolicy,
  nativeArchitecture: string,
): number {
  const architecture = names.architecture === 'all' ? nativeArchitecture : names.architecture;
  const carriers = positions.flatMap((position) => archives[position] ?? []);
  const specific = policy.specificPriority({ name: names.name, architecture, version, source: names.source }, carriers);
  return specific ?? Math.max(...positions.map((position) => policy.archivePriority(position)));
}

function describeVersion(
  stanza: OfferedStanza,
  positions: readonly number[],
  pinPriority: number,
  request: OfferRequest,
): OfferedVersion {
  const { version, source, sourceVersion, section, priority, filename, sizeBytes, sha256 } = stanza;
  return {
    version,
    source,
    sourceVersion,
    section,
    priority,
    archives: positions.flatMap((position) => request.indexes[position]?.archive ?? []),
    pinPriority,
    phasedUpdatePercentage: stanza.phasedUpdatePercentage,
    filename,
    sizeBytes,
    sha256,
  };
}

/** apt counts `all` as the native architecture, so a package may move between the two. */
function nativeKey(name: PackageName, nativeArchitecture: string): string {
  return `${name.name}:${name.architecture === 'all' ? nativeArchitecture : name.architecture}`;
}

function groupStanzas(request: OfferRequest): Map<string, { stanza: OfferedStanza; position: number }[]> {
  const groups = new Map<string, { stanza: OfferedStanza; position: number }[]>();
  for (const [position, index] of request.indexes.entries()) {
    for (const stanza of index.stanzas) {
      const key = nativeKey(stanza, request.architecture);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [{ stanza, position }]);
      else group.push({ stanza, position });
    }
  }
  return groups;
}

function describeArchive(index: OfferedIndex): PinnedArchive {
  const { release, address } = index;
  return {
    origin: release?.fields.origin ?? '',
    label: release?.fields.label ?? '',
    suite: release?.fields.suite ?? '',
    codename: release?.fields.codename ?? '',
    version: release?.version ?? '',
    component: address.component,
    architecture: address.architecture,
    site: /^[a-z+]+:\/\/(?:[^/@]*@)?(\[[^\]]*\]|[^/:]*)/i.exec(address.uri)?.[1] ?? '',
    notAutomatic: release?.notAutomatic ?? false,
    butAutomaticUpgrades: release?.butAutomaticUpgrades ?? false,
    isStatusFile: false,
  };
}
