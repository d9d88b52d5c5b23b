import { PatchCounts, UnknownReason, VerdictItem } from '@patchbay/facts';
import { z } from 'zod';
import { defineContract } from './contract.ts';

const Timestamp = z.iso.datetime();

/**
 * How an image stands to what is approved for it now: `stale` where an approved patch is missing, `unknown` where nobody
 * can tell, which is never current.
 */
export const ImageFreshness = z.enum(['current', 'stale', 'unknown']);

export const ImageFreshnessSummary = z.object({
  imageBuildVersionArn: z.string(),
  imageId: z.string(),
  name: z.string(),
  /** With its build: `1.0.0/3`. */
  version: z.string(),
  osVersion: z.string().nullable(),
  builtAt: Timestamp.nullable(),
  freshness: ImageFreshness,
  /** One sentence. */
  why: z.string(),
  /** Approved patches that it lacks. */
  missingCount: z.number().int(),
  /** Since when it has been as fresh as it is. */
  since: Timestamp.nullable(),
  /** Null for an image that nobody has looked at yet. */
  evaluatedAt: Timestamp.nullable(),
  /** When time alone may change it; null when it cannot. */
  validUntil: Timestamp.nullable(),
  patchGroup: z.string(),
  baselineId: z.string().nullable(),
  baselineRevision: z.number().int().nullable(),
  /** Whether the control plane watches all of its archives; otherwise only what its build saw is known. */
  isWatched: z.boolean(),
  /** When its archives were seen to offer what it is judged by. */
  offersAsOf: Timestamp.nullable(),
});
export type ImageFreshnessSummary = z.infer<typeof ImageFreshnessSummary>;

/** The available images with how fresh they are, by name, the newest version and build first. */
export const ListImageFreshness = defineContract(
  'ListImageFreshness',
  'person',
  z.object({
    /** Only images of these names. */
    names: z.array(z.string().min(1).max(128)).min(1).max(10).optional(),
    freshness: z.array(ImageFreshness).min(1).max(3).optional(),
    /** Of each version only the newest build. */
    newestBuildOnly: z.boolean().optional(),
    maxResults: z.number().int().min(1).max(100).optional(),
    nextToken: z.string().optional(),
  }),
  z.object({ images: z.array(ImageFreshnessSummary), nextToken: z.string().optional() }),
);

/** A patch of a former time, in few words. */
const ChangedPatch = z.object({
  name: z.string(),
  architecture: z.string(),
  installedVersion: z.string().nullable(),
  targetVersion: z.string().nullable(),
  state: VerdictItem.shape.state,
});

const ImageFreshnessChange = z.object({
  at: Timestamp,
  /** Null for the first look. */
  from: ImageFreshness.nullable(),
  to: ImageFreshness,
  why: z.string(),
  /** What spoke against the image from then on. */
  patches: z.array(ChangedPatch),
});
export type ImageFreshnessChange = z.infer<typeof ImageFreshnessChange>;

/** One image: what it lacks with the evidence, what else there is newer, and what it was before. */
export const GetImageFreshness = defineContract(
  'GetImageFreshness',
  'person',
  z.object({ imageBuildVersionArn: z.string().min(1).max(1024) }),
  z.object({
    image: ImageFreshnessSummary,
    counts: PatchCounts.nullable(),
    unknownReasons: z.array(UnknownReason),
    /** What makes it stale. */
    faults: z.array(VerdictItem),
    /** What waits, is phased, excluded or rejected. */
    others: z.array(VerdictItem),
    /** Newest first; the latest hundred. */
    history: z.array(ImageFreshnessChange),
  }),
);

const PackageDifference = z.object({
  name: z.string(),
  architecture: z.string(),
  change: z.enum(['added', 'removed', 'changed']),
  imageVersion: z.string().nullable(),
  nodeVersion: z.string().nullable(),
});

export const ImageNode = z.object({
  instanceId: z.string(),
  name: z.string().nullable(),
  /** When it last handed in facts. */
  reportedAt: Timestamp,
  /** Null where nobody knows what the image holds. */
  isDrifted: z.boolean().nullable(),
  /** Package by package, by name. */
  differences: z.array(PackageDifference),
});
export type ImageNode = z.infer<typeof ImageNode>;

/** The registered nodes that say they were made from an image, each with what differs from it. */
export const ListImageNodes = defineContract(
  'ListImageNodes',
  'person',
  z.object({
    imageBuildVersionArn: z.string().min(1).max(1024),
    maxResults: z.number().int().min(1).max(50).optional(),
    nextToken: z.string().optional(),
  }),
  z.object({ nodes: z.array(ImageNode), nextToken: z.string().optional() }),
);
