import { z } from 'zod';
import { OperatingSystem } from './machine.ts';

/** Severity that a baseline gives to a patch (SSM API, PatchComplianceLevel), gravest first. */
export const ComplianceLevel = z.enum(['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFORMATIONAL', 'UNSPECIFIED']);
export type ComplianceLevel = z.infer<typeof ComplianceLevel>;

export const PatchFilterKey = z.enum([
  'ARCH',
  'ADVISORY_ID',
  'BUGZILLA_ID',
  'PATCH_SET',
  'PRODUCT',
  'PRODUCT_FAMILY',
  'CLASSIFICATION',
  'CVE_ID',
  'EPOCH',
  'MSRC_SEVERITY',
  'NAME',
  'PATCH_ID',
  'SECTION',
  'PRIORITY',
  'REPOSITORY',
  'RELEASE',
  'SEVERITY',
  'SECURITY',
  'VERSION',
]);
export type PatchFilterKey = z.infer<typeof PatchFilterKey>;

export const PatchFilter = z.object({
  key: PatchFilterKey,
  values: z.array(z.string().min(1).max(64)).min(1).max(20),
});
export type PatchFilter = z.infer<typeof PatchFilter>;

export const PatchFilterGroup = z.object({ patchFilters: z.array(PatchFilter).max(4) });
export type PatchFilterGroup = z.infer<typeof PatchFilterGroup>;

/** One approval rule; exactly one of the two delays is set (SSM API, PatchRule). */
export const PatchRule = z.object({
  patchFilterGroup: PatchFilterGroup,
  complianceLevel: ComplianceLevel.default('UNSPECIFIED'),
  approveAfterDays: z.number().int().min(0).max(360).optional(),
  /** `YYYY-MM-DD`, the whole UTC day included. */
  approveUntilDate: z.string().optional(),
  enableNonSecurity: z.boolean().default(false),
});
export type PatchRule = z.infer<typeof PatchRule>;

export const PatchSource = z.object({
  name: z.string().regex(/^[a-zA-Z0-9_\-.]{3,50}$/),
  products: z.array(z.string().min(1).max(128)).min(1).max(20),
  configuration: z.string().min(1).max(1024),
});
export type PatchSource = z.infer<typeof PatchSource>;

/** A patch baseline as GetPatchBaseline shows it, members in camelCase. */
export const PatchBaseline = z.object({
  baselineId: z.string(),
  name: z.string(),
  operatingSystem: OperatingSystem,
  globalFilters: PatchFilterGroup.default({ patchFilters: [] }),
  approvalRules: z.object({ patchRules: z.array(PatchRule).max(10) }).default({ patchRules: [] }),
  approvedPatches: z.array(z.string().min(1).max(100)).max(50).default([]),
  approvedPatchesComplianceLevel: ComplianceLevel.default('UNSPECIFIED'),
  approvedPatchesEnableNonSecurity: z.boolean().default(false),
  rejectedPatches: z.array(z.string().min(1).max(100)).max(50).default([]),
  rejectedPatchesAction: z.enum(['ALLOW_AS_DEPENDENCY', 'BLOCK']).default('ALLOW_AS_DEPENDENCY'),
  description: z.string().optional(),
  sources: z.array(PatchSource).max(20).default([]),
  /** Windows only; unset behaves as COMPLIANT. */
  availableSecurityUpdatesComplianceStatus: z.enum(['COMPLIANT', 'NON_COMPLIANT']).optional(),
});
export type PatchBaseline = z.infer<typeof PatchBaseline>;
