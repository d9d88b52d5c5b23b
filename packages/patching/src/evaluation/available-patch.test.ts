import { describe, expect, it } from 'vitest';
import { type AvailableVersion, judgeAvailable } from './available-patch.ts';
import { compileBaseline } from './compile-baseline.ts';
import { debianBaseline, NOW, rule, rulesBaseline, seen } from './sample-machine.ts';

const version: AvailableVersion = {
  name: 'openssl',
  architecture: 'amd64',
  section: 'utils',
  priority: 'optional',
  isSecurity: true,
  record: seen('openssl', '2', '2026-11-15T10:00:00Z'),
};
const judge = (
  baseline: Parameters<typeof compileBaseline>[0],
  change: Partial<AvailableVersion> = {},
  product = 'Debian12',
) => judgeAvailable(compileBaseline(baseline, 1), product, { ...version, ...change }, NOW);

describe('an available version under a baseline', () => {
  it('is approved, or waits until its day', () => {
    expect(judge(rulesBaseline(rule({ approveAfterDays: 5, complianceLevel: 'HIGH' })))).toEqual({
      deploymentStatus: 'APPROVED',
      complianceLevel: 'HIGH',
      approvalDate: '2026-11-20T00:00:00.000Z',
    });
    expect(judge(rulesBaseline(rule({ approveAfterDays: 6 })))).toEqual({
      deploymentStatus: 'PENDING_APPROVAL',
      complianceLevel: 'UNSPECIFIED',
      approvalDate: '2026-11-21T00:00:00.000Z',
    });
  });

  it('takes the level of the first rule that approves it, or of the one that will first', () => {
    const late = rule({ approveAfterDays: 9, complianceLevel: 'LOW' });
    const soon = rule({ approveAfterDays: 6, complianceLevel: 'MEDIUM' });
    const approving = rule({ approveAfterDays: 1, complianceLevel: 'CRITICAL' });
    expect(judge(rulesBaseline(late, approving))).toMatchObject({ complianceLevel: 'CRITICAL' });
    expect(judge(rulesBaseline(late, soon))).toMatchObject({
      deploymentStatus: 'PENDING_APPROVAL',
      complianceLevel: 'MEDIUM',
      approvalDate: '2026-11-21T00:00:00.000Z',
    });
  });

  it('without a date is approved since somebody looked', () => {
    const baseline = rulesBaseline(rule({ approveAfterDays: 30 }));
    const record = seen('openssl', '2', '2026-11-15T10:00:00Z', { rung: 'undated' });
    expect(judge(baseline, { record })).toMatchObject({
      deploymentStatus: 'APPROVED',
      approvalDate: '2026-11-15T10:00:00Z',
    });
    expect(judge(baseline, { record: undefined })).toMatchObject({ deploymentStatus: 'APPROVED', approvalDate: null });
  });

  it('can be named, and rejection wins', () => {
    const named = debianBaseline({
      approvedPatches: ['openssl'],
      approvedPatchesComplianceLevel: 'HIGH',
      rejectedPatches: ['openssl.arm64'],
    });
    expect(judge(named)).toMatchObject({ deploymentStatus: 'EXPLICIT_APPROVED', complianceLevel: 'HIGH' });
    expect(judge(named, { architecture: 'arm64' })).toEqual({
      deploymentStatus: 'EXPLICIT_REJECTED',
      complianceLevel: 'UNSPECIFIED',
      approvalDate: null,
    });
    expect(judge({ ...named, approvalRules: { patchRules: [] } }, { isSecurity: false })).toBeNull();
  });

  it.each<[string, Parameters<typeof judge>]>([
    ['of no security archive, under rules for security', [debianBaseline(), { isSecurity: false }]],
    ['that came too late', [rulesBaseline(rule({ approveUntilDate: '2026-11-14' }))]],
    [
      'of another section',
      [rulesBaseline(rule({ patchFilterGroup: { patchFilters: [{ key: 'SECTION', values: ['libs'] }] } }))],
    ],
    [
      'of another product',
      [rulesBaseline(rule({ patchFilterGroup: { patchFilters: [{ key: 'PRODUCT', values: ['Debian11'] }] } }))],
    ],
  ])('%s is no effective patch', (_, given) => {
    expect(judge(...given)).toBeNull();
  });
});
