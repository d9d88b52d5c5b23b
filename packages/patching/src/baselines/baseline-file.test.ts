import { describe, expect, it } from 'vitest';
import { BASELINE_FILE_ID, BaselineFileError, parseBaselineFile, printBaselineFile } from './baseline-file.ts';
import { predefinedBaselines } from './predefined-baselines.ts';

// The form in which `aws ssm get-patch-baseline` prints a baseline (AWS CLI reference, get-patch-baseline).
const printed = {
  BaselineId: 'pb-0123456789abcdef0',
  Name: 'web-servers',
  OperatingSystem: 'DEBIAN',
  GlobalFilters: { PatchFilters: [] },
  ApprovalRules: {
    PatchRules: [
      {
        PatchFilterGroup: { PatchFilters: [{ Key: 'PRIORITY', Values: ['Required'] }] },
        ComplianceLevel: 'HIGH',
        ApproveAfterDays: 7,
        EnableNonSecurity: false,
      },
    ],
  },
  ApprovedPatches: ['openssl'],
  ApprovedPatchesComplianceLevel: 'CRITICAL',
  ApprovedPatchesEnableNonSecurity: false,
  RejectedPatches: [],
  RejectedPatchesAction: 'ALLOW_AS_DEPENDENCY',
  PatchGroups: ['WebServers'],
  CreatedDate: '2026-11-01T00:00:00+00:00',
  ModifiedDate: 1_793_000_000.123,
  Description: 'ours',
  Sources: [{ Name: 'main', Products: ['*'], Configuration: 'deb http://archive.test/debian bookworm main' }],
  ResponseMetadata: { HTTPStatusCode: 200 },
};

function problemsOf(json: unknown): string[] {
  try {
    parseBaselineFile(json);
  } catch (error) {
    if (error instanceof BaselineFileError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

describe('parseBaselineFile', () => {
  it('reads what the aws CLI prints, passing over what says nothing about patches', () => {
    expect(parseBaselineFile(printed)).toEqual({
      baselineId: 'pb-0123456789abcdef0',
      name: 'web-servers',
      operatingSystem: 'DEBIAN',
      globalFilters: { patchFilters: [] },
      approvalRules: {
        patchRules: [
          {
            patchFilterGroup: { patchFilters: [{ key: 'PRIORITY', values: ['Required'] }] },
            complianceLevel: 'HIGH',
            approveAfterDays: 7,
            enableNonSecurity: false,
          },
        ],
      },
      approvedPatches: ['openssl'],
      approvedPatchesComplianceLevel: 'CRITICAL',
      approvedPatchesEnableNonSecurity: false,
      rejectedPatches: [],
      rejectedPatchesAction: 'ALLOW_AS_DEPENDENCY',
      description: 'ours',
      sources: [{ name: 'main', products: ['*'], configuration: 'deb http://archive.test/debian bookworm main' }],
    });
  });

  it('reads what printBaselineFile writes', () => {
    for (const baseline of [...predefinedBaselines, parseBaselineFile(printed)]) {
      expect(parseBaselineFile(printBaselineFile(baseline))).toEqual(baseline);
    }
    expect(printBaselineFile(parseBaselineFile(printed))).toMatchObject({
      BaselineId: printed.BaselineId,
      ApprovalRules: printed.ApprovalRules,
      Sources: printed.Sources,
    });
  });

  it('fills in the defaults of CreatePatchBaseline', () => {
    expect(parseBaselineFile({ Name: 'bare', OperatingSystem: 'DEBIAN' })).toMatchObject({
      baselineId: BASELINE_FILE_ID,
      approvedPatchesComplianceLevel: 'UNSPECIFIED',
      rejectedPatchesAction: 'ALLOW_AS_DEPENDENCY',
      approvalRules: { patchRules: [] },
    });
  });

  it.each([
    ['not an object', 'text', /^: .*object/],
    ['no name', { OperatingSystem: 'DEBIAN' }, /^Name: /],
    ['a short name', { ...printed, Name: 'a b' }, /^Name: Expected 3 to 128 letters/],
    ['an unknown system', { ...printed, OperatingSystem: 'BEOS' }, /^OperatingSystem: .*"DEBIAN"/],
    ['a misspelt member', { ...printed, RejectedPatch: ['bash'] }, /^: .*"RejectedPatch"/],
    [
      'a delay beyond 360 days',
      {
        ...printed,
        ApprovalRules: { PatchRules: [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 361 }] },
      },
      /^ApprovalRules\.PatchRules\[0\]\.ApproveAfterDays: .*360/,
    ],
    [
      'an unknown key',
      { ...printed, GlobalFilters: { PatchFilters: [{ Key: 'COLOUR', Values: ['red'] }] } },
      /^GlobalFilters\.PatchFilters\[0\]\.Key: .*"PRIORITY"/,
    ],
    [
      'a source name that AWS refuses',
      { ...printed, Sources: [{ Name: 'a b', Products: ['*'], Configuration: 'deb x' }] },
      /^Sources\[0\]\.Name: /,
    ],
    ['a text where a list belongs', { ...printed, RejectedPatches: 'bash' }, /^RejectedPatches: .*array/],
  ])('refuses %s, naming the member and what it allows', (_, json, expected) => {
    const problems = problemsOf(json);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(expected);
  });
});
