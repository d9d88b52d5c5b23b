import type { ClockEvidence, Evidence, InstalledPackage, Offer, OfferedVersion, Pin } from '@patchbay/facts';
import { compileWildcards } from '../wildcard/wildcard.ts';
import type { ArchiveView } from './archive-view.ts';
import type { DatedApproval } from './judge-update.ts';
import type { PackageContext } from './package-context.ts';

/** The newer versions with the archives that carry them, in an order that does not depend on the sources' order. */
export function describeOffered(
  newer: readonly OfferedVersion[],
  archives: readonly ArchiveView[],
): Evidence['offered'] {
  return newer.map(({ version, archives: positions }) => ({
    version,
    archives: positions.flatMap((position) => archives[position]?.key ?? []).sort(),
    security: positions.some((position) => archives[position]?.isSecurity === true),
  }));
}

/** An undated version is approved from the moment somebody looked, its receive time if nobody recorded it. */
export function describeClock({ entry, approvedAt }: DatedApproval, factsReceivedAt: string): ClockEvidence {
  const { rung, availableAt, changelog } = entry.release;
  return {
    source: entry.source,
    sourceVersion: entry.sourceVersion,
    archive: entry.archiveKey,
    rung,
    availableAt,
    approvedAt: describeInstant(approvedAt, entry.firstSeenAt ?? factsReceivedAt),
    ...(changelog === undefined ? {} : { changelog }),
  };
}

function describeInstant(instant: number | null, atOnce: string): string | null {
  if (instant === null) return null;
  return Number.isFinite(instant) ? new Date(instant).toISOString() : atOnce;
}

/** The stanzas of apt's preferences that name a package; a general pin (`*`) counts. */
export function findPinNotes(pins: readonly Pin[], name: string): string[] {
  const notes = pins
    .filter((pin) => namesPackage(pin, name))
    .map((pin) => {
      const explanation = pin.explanation === '' ? '' : ` (${pin.explanation})`;
      return `Pinned in ${pin.file}: ${pin.packages} to ${pin.pin} at priority ${pin.priority}${explanation}.`;
    })
    .sort();
  return notes.length > 0 ? notes : ['No pin names the package; the priorities of the archives decide.'];
}

/**
 * Marks a package that an archive in doubt could supply: one that it offered or was seen to offer, or one that no other
 * archive offers.
 */
export function findArchiveNotes(
  context: PackageContext,
  installed: InstalledPackage,
  offer: Offer | undefined,
): string[] {
  const carriers = new Set(offer?.versions.flatMap((version) => version.archives) ?? []);
  const isCarriedByCurrent = [...carriers].some((position) => context.archives[position]?.isCurrent === true);
  return context.faultyArchives
    .filter(
      ({ position, archive }) =>
        carriers.has(position) || !isCarriedByCurrent || context.history(archive.key, installed.source).length > 0,
    )
    .map(({ archive }) => `Archive ${archive.key} may have a newer version that cannot be seen: ${archive.fault}.`)
    .sort();
}

/**
 * Whether a version stands back only because its archive says so (NotAutomatic in its Release file, as Debian's backports
 * and experimental: priorities 1 and 100, apt_preferences(5)). Without a pin of the owner's it is an offer, not a patch.
 */
export function isNotAutomatic(
  version: OfferedVersion,
  name: string,
  pins: readonly Pin[],
  archives: readonly ArchiveView[],
): boolean {
  if (version.pinPriority !== 1 && version.pinPriority !== 100) return false;
  if (version.archives.some((position) => archives[position]?.isSecurity === true)) return false;
  return !pins.some((pin) => pin.priority === version.pinPriority && namesPackage(pin, name));
}

function namesPackage(pin: Pin, name: string): boolean {
  return compileWildcards(pin.packages.split(/\s+/))(name);
}
