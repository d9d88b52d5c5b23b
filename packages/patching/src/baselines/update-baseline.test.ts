import { describe, expect, it } from 'vitest';
import { predefinedBaselineFor } from './predefined-baselines.ts';
import { updateBaseline } from './update-baseline.ts';

const current = {
  ...predefinedBaselineFor('DEBIAN'),
  approvedPatches: ['bash', 'openssl'],
  rejectedPatches: ['vim'],
  rejectedPatchesAction: 'BLOCK' as const,
};

describe('updateBaseline', () => {
  it('leaves alone what the change does not name', () => {
    expect(updateBaseline(current, {}, false)).toEqual(current);
    expect(updateBaseline(current, { name: 'renamed' }, false)).toEqual({ ...current, name: 'renamed' });
  });

  it('replaces a list whole, also by an empty one', () => {
    expect(updateBaseline(current, { approvedPatches: ['zlib1g'] }, false).approvedPatches).toEqual(['zlib1g']);
    expect(updateBaseline(current, { rejectedPatches: [] }, false)).toEqual({ ...current, rejectedPatches: [] });
    const approvalRules = { patchRules: [{ patchFilterGroup: { patchFilters: [] }, approveAfterDays: 3 }] };
    expect(updateBaseline(current, { approvalRules }, false).approvalRules.patchRules).toEqual([
      {
        patchFilterGroup: { patchFilters: [] },
        approveAfterDays: 3,
        complianceLevel: 'UNSPECIFIED',
        enableNonSecurity: false,
      },
    ]);
  });

  it('forgets with replace whatever is not given, but not which baseline it is', () => {
    expect(updateBaseline(current, { name: 'anew', approvedPatches: ['zlib1g'] }, true)).toEqual({
      baselineId: current.baselineId,
      operatingSystem: 'DEBIAN',
      name: 'anew',
      globalFilters: { patchFilters: [] },
      approvalRules: { patchRules: [] },
      approvedPatches: ['zlib1g'],
      approvedPatchesComplianceLevel: 'UNSPECIFIED',
      approvedPatchesEnableNonSecurity: false,
      rejectedPatches: [],
      rejectedPatchesAction: 'ALLOW_AS_DEPENDENCY',
      sources: [],
    });
  });
});
