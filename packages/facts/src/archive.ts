import { z } from 'zod';
import { Offer } from './package-facts.ts';

/** In a line of sources spaces part what an address is made of (sources.list(5)): only the address of a disc has its own. */
const word = z.string().regex(/^\S+$/, 'Expected a word without spaces');

/** Where an index comes from: the four parts that stay the same while its content changes. */
export const ArchiveAddress = z.object({
  /** Without a trailing slash and without credentials. */
  uri: z.string().regex(/^.+$/, 'Expected one line'),
  /** As the sources name it: `bookworm-security`. */
  suite: word,
  /** Empty for a flat archive. */
  component: z.union([word, z.literal('')]),
  architecture: word,
});
export type ArchiveAddress = z.infer<typeof ArchiveAddress>;

/** The fields of a verified Release file that say what an archive is (Debian wiki, DebianRepository/Format). */
export const ReleaseFields = z.object({
  origin: z.string(),
  label: z.string(),
  suite: z.string(),
  codename: z.string(),
  /** ISO 8601, from the Release file; null where it names none. */
  date: z.string().nullable(),
  validUntil: z.string().nullable(),
});
export type ReleaseFields = z.infer<typeof ReleaseFields>;

/**
 * What became of one archive when it was last looked at. Only `current` lets its offers be trusted to be complete;
 * every other status makes what it could supply unknown.
 */
export const ArchiveStatus = z.enum(['current', 'unreachable', 'badly-signed', 'unsigned', 'expired', 'unreadable']);
export type ArchiveStatus = z.infer<typeof ArchiveStatus>;

/** One configured archive as one machine found it. */
export const ArchiveObservation = z.object({
  address: ArchiveAddress,
  status: ArchiveStatus,
  /** What was wrong, in words a person can act on; null for `current`. */
  reason: z.string().nullable(),
  /** From the last Release file that verified; null when there never was one. */
  release: ReleaseFields.nullable(),
  /** `sha256:<hex>` of the index as the Release file names it; null when there is none. */
  indexDigest: z.string().nullable(),
});
export type ArchiveObservation = z.infer<typeof ArchiveObservation>;

/** What the archives of a machine offer for what it has installed. */
export const Offers = z.object({
  archives: z.array(ArchiveObservation),
  offers: z.array(Offer),
});
export type Offers = z.infer<typeof Offers>;

/**
 * One line that names an archive, for keys, evidence and messages: `URI SUITE COMPONENT ARCHITECTURE`, as a sources line
 * would. Only an address of a disc has spaces of its own, and a flat archive has no component.
 */
export function archiveKey(address: ArchiveAddress): string {
  return `${address.uri} ${address.suite} ${address.component} ${address.architecture}`;
}

/** The address behind a key of `archiveKey`; undefined for any other text. */
export function parseArchiveKey(key: string): ArchiveAddress | undefined {
  const parts = /^(?<uri>.+) (?<suite>\S+) (?<component>\S*) (?<architecture>\S+)$/.exec(key)?.groups;
  return parts && ArchiveAddress.parse(parts);
}
