import { z } from 'zod';
import { defineContract } from './contract.ts';

const Text = z.string().max(500);

/**
 * A pattern over what an archive says of itself in its verified Release file and over its address. All members that are
 * given must match; each may hold `*`.
 */
const ArchivePattern = z.strictObject({
  origin: Text.optional(),
  label: Text.optional(),
  codename: Text.optional(),
  suite: Text.optional(),
  addressSuite: Text.optional(),
  addressUri: Text.optional(),
  /** For an archive without any verified Release file, where only the address is left to judge by. */
  onlyUnverified: z.boolean().optional(),
});

const Patterns = z.array(ArchivePattern).max(200);

/** How an account judges: which archives bring security updates, what stands in for what is gone, how old facts may be. */
export const PatchSettings = z.strictObject({
  classification: z.strictObject({ security: Patterns, extendedSupport: Patterns }),
  successorPolicy: z.enum(['approve-successor', 'wait']),
  verdictMaxAgeHours: z.number().min(1).max(8760),
  /** What a node may fetch only to read changelogs: of one package, and in one run. */
  changelogPackageBytes: z.number().int().min(0).max(1_000_000_000),
  changelogRunBytes: z.number().int().min(0).max(10_000_000_000),
});
export type PatchSettings = z.infer<typeof PatchSettings>;

const PatchSettingsChange = PatchSettings.partial();
export type PatchSettingsChange = z.infer<typeof PatchSettingsChange>;

const Stored = z.object({
  settings: PatchSettings,
  /** Rises with every change; 0 while nobody changed anything. */
  revision: z.number().int(),
  /** Null while the defaults are in force. */
  changedAt: z.iso.datetime().nullable(),
});

/** The settings in force, and what they would be by default. */
export const GetPatchSettings = defineContract(
  'GetPatchSettings',
  'person',
  z.object({}),
  Stored.extend({ defaults: PatchSettings }),
);

/** Changes the members that are given; a list replaces the list whole. What was judged before stays as it was. */
export const PutPatchSettings = defineContract(
  'PutPatchSettings',
  'person',
  z.object({
    settings: PatchSettingsChange,
    /** Refuses the change when somebody else made one since. */
    expectedRevision: z.number().int().optional(),
  }),
  Stored,
);
