import type { PatchCounts, UnknownReason, VerdictItem } from '@patchbay/facts';
import type { ImageFreshness } from '@patchbay/patching';
import type { ColumnType, Generated } from 'kysely';

/** What a verdict about an image says beyond "installed": packages with nothing newer are in its counts only. */
export interface NotedVerdict {
  readonly unknownReasons: readonly UnknownReason[];
  /** What makes it stale. */
  readonly faults: readonly VerdictItem[];
  /** What else has newer versions: waiting, phased, excluded, rejected. */
  readonly others: readonly VerdictItem[];
}

/** Verdicts by their content, however many images have them. */
export interface ImageVerdictsTable {
  accountId: string;
  digest: string;
  content: ColumnType<NotedVerdict, string, never>;
  createdAt: Date;
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
  counts: ColumnType<PatchCounts, string, string>;
  faultCount: number;
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
  imageFreshness: ImageFreshnessTable;
  imageFreshnessChanges: ImageFreshnessChangesTable;
  imageFreshnessRuns: ImageFreshnessRunsTable;
}
