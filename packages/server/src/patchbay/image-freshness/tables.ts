import type { PatchCounts, UnknownReason, VerdictItem } from '@patchbay/facts';
import type { ImageFreshness } from '@patchbay/patching';
import type { ColumnType, Generated } from 'kysely';

/** What a verdict about an image says beyond "installed": packages with nothing newer are in its counts only. */
export interface NotedVerdict<Item = VerdictItem> {
  readonly unknownReasons: readonly UnknownReason[];
  readonly counts: PatchCounts;
  /** What makes it stale. */
  readonly faults: readonly Item[];
  /** What else has newer versions: waiting, phased, excluded, rejected. */
  readonly others: readonly Item[];
}

/** Verdicts by their content, however many images have them; their items by digest. */
export interface ImageVerdictsTable {
  accountId: string;
  digest: string;
  content: ColumnType<NotedVerdict<string>, string, never>;
  /** When a finding last referred to it anew. */
  usedAt: Date;
}

/** Items of such verdicts by their content: one for all images that lack the same patch for the same reasons. */
export interface ImageVerdictItemsTable {
  accountId: string;
  digest: string;
  content: ColumnType<VerdictItem, string, never>;
  /** When a finding last referred to it anew. */
  usedAt: Date;
}

/** The newest finding of each image. */
export interface ImageFreshnessTable {
  imageId: string;
  accountId: string;
  region: string;
  /** The facts that were judged. */
  factsId: string | null;
  freshness: ImageFreshness;
  why: string;
  missingCount: number;
  /** Of freshness, faults and reasons: a change of it is a change of the image's history. */
  findingDigest: string;
  verdictDigest: string;
  baselineId: string;
  baselineRevision: number;
  /** Whether the offers were made from watched archives; otherwise they are those of its facts. */
  isWatched: boolean;
  /** When the archives were seen to offer this: the oldest of them counts. */
  offersAsOf: Date | null;
  evaluatedAt: Date;
  /** When time alone makes it worth another look. */
  validUntil: Date | null;
  /** Since when it has been as fresh as it is. */
  since: Date;
}

/** Each finding of an image that differed from the one before; never overwritten. */
export interface ImageFreshnessChangesTable {
  changeId: Generated<string>;
  accountId: string;
  imageId: string;
  changedAt: Date;
  /** Null for the first. */
  fromFreshness: ImageFreshness | null;
  toFreshness: ImageFreshness;
  why: string;
  verdictDigest: string;
}

/** What all images of an account and region were last evaluated under. */
export interface ImageFreshnessRunsTable {
  accountId: string;
  region: string;
  inputsDigest: string;
  evaluatedAt: Date;
}

export interface ImageFreshnessTables {
  imageVerdicts: ImageVerdictsTable;
  imageVerdictItems: ImageVerdictItemsTable;
  imageFreshness: ImageFreshnessTable;
  imageFreshnessChanges: ImageFreshnessChangesTable;
  imageFreshnessRuns: ImageFreshnessRunsTable;
}
