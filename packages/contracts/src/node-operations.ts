import {
  GroupOutcome,
  InstalledSet,
  NodeOverlay,
  NodePolicy,
  Offers,
  OperatingSystemFacts,
  PackageName,
  PatchCounts,
  Plan,
  RefusedTarget,
  Simulation,
  Target,
  UnknownReason,
} from '@patchbay/facts';
import { z } from 'zod';
import { SignedAuthorization } from './authorization.ts';
import { defineContract } from './contract.ts';
import { ImageBuildLease } from './image-builds.ts';

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** A unit of facts: its digest always, its content only when the server asked for it or cannot know it yet. */
function unit<Content extends z.ZodType>(content: Content) {
  return z.object({ digest: Digest, content: content.optional() });
}

export const PatchOperationKind = z.enum(['Scan', 'Install']);
export type PatchOperationKind = z.infer<typeof PatchOperationKind>;

/**
 * The key that signs this node's commands and plans, and the one that signs new versions of the agent. The agent pins
 * both when it enrols.
 */
export const GetSigningKey = defineContract(
  'GetSigningKey',
  'node',
  z.object({}),
  z.object({
    keyId: z.string(),
    algorithm: z.literal('Ed25519'),
    publicKey: z.string(),
    /** Absent where the control plane is older than agents that update themselves. */
    releaseKey: z.object({ keyId: z.string(), publicKey: z.string() }).optional(),
  }),
);

/** Given by a builder that speaks for an image which it builds; without it a node speaks for itself. */
const imageBuild = ImageBuildLease.optional();

/** Hands in facts. `missing` names the units whose content the server does not know: send again with those. */
export const SubmitFacts = defineContract(
  'SubmitFacts',
  'node',
  z.object({
    operatingSystem: OperatingSystemFacts,
    overlay: NodeOverlay,
    installed: unit(InstalledSet),
    offers: unit(Offers),
    policy: unit(NodePolicy),
    /** What kept the node from reading itself whole: an unreadable package status, say. Each makes it unknown. */
    doubts: z.array(UnknownReason).default([]),
    imageBuild,
  }),
  z.object({
    factsId: z.string().nullable(),
    missing: z.array(z.enum(['installed', 'offers', 'policy'])),
  }),
);

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** A source version that an approval delay waits for and whose changelog would date it. */
export const ChangelogQuestion = z.object({
  source: z.string(),
  sourceVersion: z.string(),
  /** Files that hold the changelog, smallest first. */
  packages: z.array(
    PackageName.extend({ version: z.string(), sizeBytes: z.number().int().nonnegative(), sha256: z.string() }),
  ),
});
export type ChangelogQuestion = z.infer<typeof ChangelogQuestion>;

/** What a node found: the package whose changelog it is and the line with the date, or why there is none. */
export const ChangelogReading = z.object({
  source: z.string(),
  sourceVersion: z.string(),
  package: PackageName.extend({ version: z.string(), sha256: Sha256 }).nullable(),
  dateLine: z.string().max(500).nullable(),
  problem: z.string().max(1000).nullable(),
});
export type ChangelogReading = z.infer<typeof ChangelogReading>;

/** What a node learns when it begins, or has made the clock wiser. */
const Begun = z.object({
  operationId: z.string(),
  baseline: z.object({ baselineId: z.string(), name: z.string() }),
  targets: z.array(Target),
  /** Names of packages that may not come in, whoever asks for them: rejected with BLOCK; `*` stands for any text. */
  blocked: z.array(z.string()),
  status: z.enum(['compliant', 'non-compliant', 'unknown']),
  unknownReasons: z.array(UnknownReason),
  /** What to read before the rest counts; an older server does not ask. */
  changelogs: z
    .object({
      questions: z.array(ChangelogQuestion),
      /** Of one package, and of all together. */
      packageBytes: z.number().int().nonnegative(),
      runBytes: z.number().int().nonnegative(),
    })
    .optional(),
  /** Of an operation that carries out a patch plan: groups that stay out, or are in already, and why. */
  settled: z.array(GroupOutcome).optional(),
});
export type Begun = z.infer<typeof Begun>;

/** Begins a scan or an install on submitted facts and learns what the baseline approves. */
export const BeginPatchOperation = defineContract(
  'BeginPatchOperation',
  'node',
  z.object({
    factsId: z.string(),
    operation: PatchOperationKind,
    /** The command that this carries out: a second begin for the same command continues the first. */
    commandId: z.string().nullable(),
    /** The step of its document, where several patch. */
    stepName: z.string().max(128).default(''),
    rebootOption: z.enum(['RebootIfNeeded', 'NoReboot']),
    snapshotId: z.string(),
    imageBuild,
  }),
  Begun,
);

/** Hands in what changelogs say. The answer is that of BeginPatchOperation, under the dates that are known now. */
export const SubmitChangelogs = defineContract(
  'SubmitChangelogs',
  'node',
  z.object({ operationId: z.string(), readings: z.array(ChangelogReading).max(5000), imageBuild }),
  Begun,
);

/** Proposes what the node's package manager would do for the targets; the answer is the frozen, signed plan. */
export const ProposePlan = defineContract(
  'ProposePlan',
  'node',
  z.object({ operationId: z.string(), simulation: Simulation, imageBuild }),
  z.object({
    /** Null when nothing may be installed. */
    plan: Plan.nullable(),
    authorization: SignedAuthorization.nullable(),
    refused: z.array(RefusedTarget),
    /** Takes the place of what was settled at the beginning. */
    settled: z.array(GroupOutcome).optional(),
  }),
);

/** Ends an operation with fresh facts; the server evaluates them and stores the result. */
export const CompletePatchOperation = defineContract(
  'CompletePatchOperation',
  'node',
  z.object({
    operationId: z.string(),
    factsId: z.string(),
    /** What the package manager said about the targets; null when there were none. */
    simulation: Simulation.nullable(),
    outcomes: z.array(GroupOutcome),
    imageBuild,
  }),
  z.object({
    status: z.enum(['compliant', 'non-compliant', 'unknown']),
    counts: PatchCounts,
    unknownReasons: z.array(UnknownReason),
    /** Lines for the command's output: what is missing, what waits, what failed, and why. */
    report: z.array(z.string()),
  }),
);
