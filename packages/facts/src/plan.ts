import { z } from 'zod';
import { PackageName } from './package-facts.ts';

/** One package at one version that a baseline approved and that a node shall bring in. */
export const Target = PackageName.extend({ version: z.string().min(1) });
export type Target = z.infer<typeof Target>;

/** One change that the package manager announced when it simulated the targets. */
export const SimulatedChange = PackageName.extend({
  action: z.enum(['upgrade', 'install', 'remove']),
  /** Null for `install`. */
  fromVersion: z.string().nullable(),
  /** Null for `remove`. */
  toVersion: z.string().nullable(),
  /** Archives as the package manager named them: `Debian-Security:12/oldstable-security`. */
  origins: z.string(),
  filename: z.string(),
  sizeBytes: z.number().int().nonnegative(),
  sha256: z.string(),
  /** Key of the archive and digest of the index that offered it; empty for `remove`. */
  archive: z.string(),
  indexDigest: z.string(),
});
export type SimulatedChange = z.infer<typeof SimulatedChange>;

/** A target that the package manager would not take, and why. */
export const RefusedTarget = Target.extend({
  reason: z.enum(['needs-removal', 'dependency-blocked', 'not-obtainable']),
  detail: z.string(),
});
export type RefusedTarget = z.infer<typeof RefusedTarget>;

/** What the machine's own package manager answered to a list of targets. */
export const Simulation = z.object({
  /** Changes in dependency-closed groups: each can be carried out without the others. */
  groups: z.array(z.array(SimulatedChange)),
  refused: z.array(RefusedTarget),
  /** Free bytes needed on the disk, from the package manager; negative when space is freed. */
  diskBytes: z.number().int(),
});
export type Simulation = z.infer<typeof Simulation>;

/** The exact change, decided before anything is touched and executed as decided. */
export const Plan = z.object({
  planId: z.string(),
  nodeId: z.string(),
  operationId: z.string(),
  baselineId: z.string(),
  baselineRevision: z.number().int(),
  createdAt: z.string(),
  /** Digests of the installed set and the indexes that the plan was made from. */
  installedDigest: z.string(),
  groups: z.array(z.object({ targets: z.array(Target), changes: z.array(SimulatedChange) })),
  downloadBytes: z.number().int().nonnegative(),
  diskBytes: z.number().int(),
});
export type Plan = z.infer<typeof Plan>;

/** What became of one group of a plan. */
export const GroupOutcome = z.object({
  targets: z.array(Target),
  status: z.enum(['installed', 'failed', 'skipped']),
  /** One sentence where it did not succeed; empty otherwise. */
  reason: z.string(),
});
export type GroupOutcome = z.infer<typeof GroupOutcome>;
