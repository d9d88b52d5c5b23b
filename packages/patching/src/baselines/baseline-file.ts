import { AppError, ComplianceLevel, OperatingSystem, PatchBaseline, PatchFilterKey } from '@patchbay/facts';
import { z } from 'zod';
import type { BaselineProblem } from './check-baseline.ts';

/** A baseline file that cannot be used; `problems` names each member at fault. */
export class BaselineFileError extends AppError<'INVALID_BASELINE_FILE'> {
  readonly problems: readonly BaselineProblem[];

  constructor(problems: readonly BaselineProblem[]) {
    const lines = problems.map(({ path, message }) => `${path === '' ? 'the file' : path}: ${message}`);
    super('INVALID_BASELINE_FILE', `Not a usable patch baseline: ${lines.join('; ')}`);
    this.problems = problems;
  }
}

/** Stands for the id of a baseline file that has none, such as the input of CreatePatchBaseline. */
export const BASELINE_FILE_ID = 'pb-0000000000000f11e';

const FilterGroup = z.strictObject({
  PatchFilters: z
    .array(z.strictObject({ Key: PatchFilterKey, Values: z.array(z.string().min(1).max(64)).min(1).max(20) }))
    .max(4),
});

const Rule = z.strictObject({
  PatchFilterGroup: FilterGroup,
  ComplianceLevel: ComplianceLevel.default('UNSPECIFIED'),
  ApproveAfterDays: z.number().int().min(0).max(360).optional(),
  ApproveUntilDate: z.string().optional(),
  EnableNonSecurity: z.boolean().default(false),
});

const PatchNames = z.array(z.string().min(1).max(100)).max(50).default([]);

// Strict, because a misspelt RejectedPatches that is ignored would approve what its author rejected.
const BaselineFile = z.strictObject({
  BaselineId: z.string().min(1).default(BASELINE_FILE_ID),
  Name: z.string().regex(/^[a-zA-Z0-9_\-.]{3,128}$/, 'Expected 3 to 128 letters, digits, dots, hyphens or underscores'),
  OperatingSystem: OperatingSystem.default('WINDOWS'),
  GlobalFilters: FilterGroup.default({ PatchFilters: [] }),
  ApprovalRules: z.strictObject({ PatchRules: z.array(Rule).max(10) }).default({ PatchRules: [] }),
  ApprovedPatches: PatchNames,
  ApprovedPatchesComplianceLevel: ComplianceLevel.default('UNSPECIFIED'),
  ApprovedPatchesEnableNonSecurity: z.boolean().default(false),
  RejectedPatches: PatchNames,
  RejectedPatchesAction: z.enum(['ALLOW_AS_DEPENDENCY', 'BLOCK']).default('ALLOW_AS_DEPENDENCY'),
  Description: z.string().max(1024).optional(),
  Sources: z
    .array(z.strictObject({ Name: z.string(), Products: z.array(z.string()), Configuration: z.string() }))
    .max(20)
    .default([]),
  PatchGroups: z.unknown().optional(),
  CreatedDate: z.unknown().optional(),
  ModifiedDate: z.unknown().optional(),
  AvailableSecurityUpdatesComplianceStatus: z.unknown().optional(),
  ClientToken: z.unknown().optional(),
  Tags: z.unknown().optional(),
  ResponseMetadata: z.unknown().optional(),
});

/**
 * Reads a baseline as `aws ssm get-patch-baseline` prints it. Members that say nothing about patches (CreatedDate,
 * PatchGroups, ResponseMetadata and the like) are passed over; any other unknown member is refused.
 * @throws BaselineFileError naming each member at fault and what it allows.
 */
export function parseBaselineFile(json: unknown): PatchBaseline {
  const file = BaselineFile.safeParse(json);
  if (!file.success) throw new BaselineFileError(file.error.issues.map((issue) => problemOf(issue, String)));
  const baseline = PatchBaseline.safeParse(toCamelCase(file.data));
  if (!baseline.success) {
    throw new BaselineFileError(baseline.error.issues.map((issue) => problemOf(issue, capitalise)));
  }
  return baseline.data;
}

/** A baseline in the spelling of `aws ssm get-patch-baseline`, as `parseBaselineFile` reads it. */
export function printBaselineFile(baseline: PatchBaseline): Record<string, unknown> {
  return toPascalCase(baseline) as Record<string, unknown>;
}

function toPascalCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toPascalCase);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [capitalise(key), toPascalCase(member)]));
}

function problemOf(issue: z.core.$ZodIssue, spell: (member: string) => string): BaselineProblem {
  const path = issue.path
    .map((member) => (typeof member === 'number' ? `[${member}]` : `.${spell(String(member))}`))
    .join('')
    .replace(/^\./, '');
  return { path, message: issue.message };
}

function capitalise(member: string): string {
  return `${member.charAt(0).toUpperCase()}${member.slice(1)}`;
}

function toCamelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toCamelCase);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [`${key.charAt(0).toLowerCase()}${key.slice(1)}`, toCamelCase(member)]),
  );
}
