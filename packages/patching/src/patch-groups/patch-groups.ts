import type { OperatingSystem } from '@patchbay/facts';
import { predefinedBaselineFor } from '../baselines/predefined-baselines.ts';

/** The two spellings that AWS accepts, case included; the first wins when a node carries both. */
export const PATCH_GROUP_TAG_KEYS = ['PatchGroup', 'Patch Group'] as const;

/** The patch group that the tags of a node name; null when there is none. */
export function patchGroupOf(tags: Readonly<Record<string, string>>): string | null {
  for (const key of PATCH_GROUP_TAG_KEYS) {
    if (Object.hasOwn(tags, key)) return tags[key] ?? null;
  }
  return null;
}

/** A group maps to at most one baseline per operating system (SSM API, RegisterPatchBaselineForPatchGroup). */
export interface PatchGroupRegistration {
  readonly patchGroup: string;
  readonly operatingSystem: OperatingSystem;
  readonly baselineId: string;
}

/** Which baseline serves a node, and why in one sentence. */
export interface BaselineResolution {
  readonly baselineId: string;
  readonly because: 'patch-group' | 'default' | 'predefined';
  readonly reason: string;
}

/**
 * The baseline of a node: its patch group's for the operating system, else the registered default, else the predefined
 * one. A group without a registration falls back without an error, as on AWS.
 */
export function resolveBaseline(question: {
  readonly patchGroup: string | null;
  readonly operatingSystem: OperatingSystem;
  readonly registrations: readonly PatchGroupRegistration[];
  readonly defaults: Readonly<Partial<Record<OperatingSystem, string>>>;
}): BaselineResolution {
  const { patchGroup, operatingSystem, registrations, defaults } = question;
  const registration = registrations.find(
    (candidate) => candidate.patchGroup === patchGroup && candidate.operatingSystem === operatingSystem,
  );
  if (registration !== undefined) {
    return {
      baselineId: registration.baselineId,
      because: 'patch-group',
      reason: `Patch group ${registration.patchGroup} uses it for ${operatingSystem}.`,
    };
  }
  const unregistered =
    patchGroup === null
      ? 'The node is in no patch group'
      : `Patch group ${patchGroup} has no baseline for ${operatingSystem}`;
  const registeredDefault = defaults[operatingSystem];
  if (registeredDefault !== undefined) {
    return { baselineId: registeredDefault, because: 'default', reason: `${unregistered}; it is the default.` };
  }
  return {
    baselineId: predefinedBaselineFor(operatingSystem).baselineId,
    because: 'predefined',
    reason: `${unregistered} and no default is registered; it is the predefined one.`,
  };
}
