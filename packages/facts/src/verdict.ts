import { z } from 'zod';
import { ComplianceLevel } from './baseline.ts';
import { PackageName } from './package-facts.ts';

/** The state of one installed package under one baseline, finer than AWS's. One table in `patching` maps it to the wire. */
export const InnerState = z.enum([
  'installed',
  'installed-other',
  'pending-reboot',
  'installed-rejected',
  'missing',
  'held',
  'pinned',
  'needs-removal',
  'dependency-blocked',
  'not-obtainable',
  'waiting',
  'phased',
  'excluded',
  'rejected',
  'failed',
  'unknown',
]);
export type InnerState = z.infer<typeof InnerState>;

/** The states of an installed version taken by itself, whatever newer versions there are. */
export const InstalledState = InnerState.extract([
  'installed',
  'installed-other',
  'pending-reboot',
  'installed-rejected',
]);
export type InstalledState = z.infer<typeof InstalledState>;

/**
 * The rung of the approval clock that dated a version: `published` (a) by archive or advisory, `first-seen` (b) by this
 * control plane, `changelog` (c) read from the package, `undated` (d) already there at the first look, approved at once.
 */
export const ClockRung = z.enum(['published', 'first-seen', 'changelog', 'undated']);
export type ClockRung = z.infer<typeof ClockRung>;

/**
 * Who read the changelog of a source version, and in which package; either the line with its date (deb-changelog(5)) or
 * why there is none.
 */
export const ChangelogEvidence = z.object({
  /** `libssl3_3.0.15-1_amd64`; null when no package could be fetched. */
  package: z.string().nullable(),
  /** Of the package's file, as it was offered and fetched. */
  sha256: z.string().nullable(),
  dateLine: z.string().nullable(),
  problem: z.string().nullable(),
  /** The node that read it. */
  readBy: z.string(),
  /** ISO 8601, the server's receive time. */
  readAt: z.string(),
});
export type ChangelogEvidence = z.infer<typeof ChangelogEvidence>;

/** Why the clock says what it says about one source version in one archive. */
export const ClockEvidence = z.object({
  source: z.string(),
  sourceVersion: z.string(),
  archive: z.string(),
  rung: ClockRung,
  /** ISO 8601; null on the rung `undated`. */
  availableAt: z.string().nullable(),
  /** First instant at which the rule approves; null when it never does. */
  approvedAt: z.string().nullable(),
  /** Only where somebody tried to read it. */
  changelog: ChangelogEvidence.optional(),
});
export type ClockEvidence = z.infer<typeof ClockEvidence>;

/** What a verdict about one package rests on. */
export const Evidence = z.object({
  candidate: z.string().nullable(),
  /** Versions above the installed one, newest first, each with the archives that carry it. */
  offered: z.array(z.object({ version: z.string(), archives: z.array(z.string()), security: z.boolean() })),
  /** What approved it: `rule 2`, `ApprovedPatches: openssl`; null when nothing did. */
  approvedBy: z.string().nullable(),
  clock: ClockEvidence.nullable(),
  /** Further facts in words: the pin, the hold, what the simulation said. */
  notes: z.array(z.string()),
});
export type Evidence = z.infer<typeof Evidence>;

export const VerdictItem = PackageName.extend({
  /** Null only for the item that stands for a node or an archive that cannot be judged. */
  installedVersion: z.string().nullable(),
  state: InnerState,
  /**
   * What the installed version is by itself. On AWS's wire it stands for the states that are not listed there (waiting,
   * phased, excluded, rejected): one row per installed package. Null where nothing is installed.
   */
  installedState: InstalledState.nullable(),
  /** The version that would be installed, where there is one. */
  targetVersion: z.string().nullable(),
  /** One sentence: what and why. */
  reason: z.string(),
  complianceLevel: ComplianceLevel,
  /** `Security` when any version in (installed, target] came from a security archive; empty otherwise. */
  classification: z.enum(['Security', '']),
  section: z.string(),
  priority: z.string(),
  evidence: Evidence,
});
export type VerdictItem = z.infer<typeof VerdictItem>;

export const UnknownReason = z.object({
  code: z.enum([
    'operating-system',
    'package-status',
    'archive',
    'no-security-archive',
    'end-of-life',
    'stale-facts',
    'no-facts',
    'quarantined',
    'package-version',
  ]),
  message: z.string(),
  /** The archive at fault, where one is. */
  archive: z.string().nullable(),
});
export type UnknownReason = z.infer<typeof UnknownReason>;

/** The counts of SSM's InstancePatchState. */
export const PatchCounts = z.object({
  installedCount: z.number().int(),
  installedOtherCount: z.number().int(),
  installedPendingRebootCount: z.number().int(),
  installedRejectedCount: z.number().int(),
  missingCount: z.number().int(),
  failedCount: z.number().int(),
  notApplicableCount: z.number().int(),
  unreportedNotApplicableCount: z.number().int(),
  availableSecurityUpdateCount: z.number().int(),
  criticalNonCompliantCount: z.number().int(),
  securityNonCompliantCount: z.number().int(),
  otherNonCompliantCount: z.number().int(),
});
export type PatchCounts = z.infer<typeof PatchCounts>;

/** What one baseline says about one machine at one instant. */
export const Verdict = z.object({
  status: z.enum(['compliant', 'non-compliant', 'unknown']),
  unknownReasons: z.array(UnknownReason),
  /** Sorted by name, then architecture. */
  items: z.array(VerdictItem),
  baselineId: z.string(),
  baselineRevision: z.number().int(),
  evaluatorVersion: z.number().int(),
  evaluatedAt: z.string(),
  /** The next instant at which a decision flips by itself; null when time changes nothing. */
  validUntil: z.string().nullable(),
});
export type Verdict = z.infer<typeof Verdict>;
