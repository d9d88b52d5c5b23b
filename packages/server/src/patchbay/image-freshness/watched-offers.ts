import {
  type ArchiveObservation,
  archiveKey,
  type InstalledSet,
  type NodeFacts,
  type Offers,
  type UnknownReason,
} from '@patchbay/facts';
import {
  computeOffers,
  explainUncomparable,
  type OfferedIndex,
  type OfferedStanza,
  type ReleaseTraits,
} from '@patchbay/package-managers';
import type { StoredWatch } from '../archive-watches/repository.ts';

interface WatchedArchive {
  readonly observation: ArchiveObservation;
  readonly release: ReleaseTraits;
}

/** Where the offers of an image come from now. */
export type OfferSource =
  /** All of its archives are watched: what these hold. */
  | {
      readonly kind: 'watched';
      /** In the order of its sources. */
      readonly archives: readonly WatchedArchive[];
      /** When the archive that was read longest ago was read. */
      readonly asOf: Date;
      /** When the first of their Release files ends to be valid. */
      readonly validUntil: Date | null;
      /** Why archives were not read since; counts once `asOf` is too long ago. */
      readonly reasons: readonly UnknownReason[];
    }
  /** Some are not: what its facts saw, and why that cannot be renewed. */
  | { readonly kind: 'own'; readonly reasons: readonly UnknownReason[] };

/** Where offers come from, given the archives that an image's facts name and the watches of its account. */
export function findOfferSource(
  archives: readonly ArchiveObservation[],
  watches: readonly StoredWatch[],
  now: Date,
): OfferSource {
  const found = archives.map((archive) => watchArchive(archive, watches, now));
  const reasons = found.flatMap(({ reason }) => reason ?? []);
  const watched = found.flatMap(({ archive }) => archive ?? []);
  if (watched.length === 0 || watched.length < archives.length) return { kind: 'own', reasons };
  const ends = watched.flatMap(({ observation: { release, status } }) =>
    status === 'current' && release !== null && release.validUntil !== null ? [Date.parse(release.validUntil)] : [],
  );
  return {
    kind: 'watched',
    archives: watched,
    asOf: new Date(Math.min(...watched.map(({ readAt }) => readAt.getTime()))),
    // The instant itself still counts as valid.
    validUntil: ends.length === 0 ? null : new Date(Math.min(...ends) + 1),
    reasons,
  };
}

interface Watched {
  readonly archive?: WatchedArchive & { readonly readAt: Date };
  readonly reason?: UnknownReason;
}

function watchArchive({ address }: ArchiveObservation, watches: readonly StoredWatch[], now: Date): Watched {
  const key = archiveKey(address);
  const { uri, suite, component, architecture } = address;
  const because = (why: string): UnknownReason => ({ code: 'archive', message: `Archive ${key} ${why}`, archive: key });
  if (component === '' || !/^(?:https?|file):/.test(uri)) {
    const what = component === '' ? 'has no components' : `is addressed as ${uri}`;
    return { reason: because(`${what}, and such archives cannot be watched yet: build the image anew to judge it`) };
  }
  const add = `patchbay archive-watch add ${uri} ${suite} ${component} --architecture ${architecture} --keyring FILE`;
  const watch = watches.find((each) => each.uri === uri && each.suite === suite);
  if (!watch) return { reason: because(`is not watched, so its news are not known: ${add}`) };
  const { components, architectures, indexDigests, release, releaseTraits, lastSuccessAt, problem } = watch;
  if (!components.includes(component) || !architectures.includes(architecture)) {
    const part = `${component} ${architecture}`;
    return {
      reason: because(
        `is watched without ${part}: patchbay archive-watch remove ${watch.watchId}, then ${add} with all that it shall have`,
      ),
    };
  }
  const reason = problem === null ? undefined : because(`could not be read when it was last looked at. ${problem}`);
  const indexDigest = Object.hasOwn(indexDigests, key) ? indexDigests[key] : undefined;
  if (lastSuccessAt === null || release === null || releaseTraits === null || indexDigest === undefined) {
    const unread = because(`has not been read yet: patchbay archive-watch refresh ${watch.watchId}`);
    return { reason: reason ?? unread };
  }
  const isExpired = release.validUntil !== null && Date.parse(release.validUntil) < now.getTime();
  const observation: ArchiveObservation = {
    address,
    status: isExpired ? 'expired' : 'current',
    reason: isExpired
      ? `its Release file was valid until ${release.validUntil}: refresh, or look at the archive if that was just done`
      : null,
    release,
    indexDigest,
  };
  const archive = { observation, release: { fields: release, ...releaseTraits }, readAt: lastSuccessAt };
  return reason === undefined ? { archive } : { archive, reason };
}

/** What archives hold, by key and package name; of each package in a fixed order. */
export type ArchiveContents = ReadonlyMap<string, ReadonlyMap<string, readonly OfferedStanza[]>>;

/** The offers that a patcher would make in the image with the lists of these archives. */
export function makeOffers(
  archives: readonly WatchedArchive[],
  { packages }: InstalledSet,
  { policy, overlay }: Pick<NodeFacts, 'policy' | 'overlay'>,
  contents: ArchiveContents,
): Offers {
  const names = [...new Set(packages.map(({ name }) => name))];
  const indexes = archives.map(({ observation: { address }, release }, archive): OfferedIndex => {
    const content = contents.get(archiveKey(address));
    return { archive, address, release, stanzas: names.flatMap((name) => content?.get(name) ?? []) };
  });
  const { offers, uncomparable } = computeOffers({
    installed: packages,
    indexes,
    architecture: policy.architecture,
    pins: policy.pins,
    defaultRelease: overlay.defaultRelease ?? null,
  });
  const unreadable = explainUncomparable(uncomparable);
  const observations = archives.map(({ observation }, position): ArchiveObservation => {
    const reason = unreadable.get(position);
    if (reason === undefined) return observation;
    return { address: observation.address, status: 'unreadable', reason, release: null, indexDigest: null };
  });
  return { archives: observations, offers };
}
