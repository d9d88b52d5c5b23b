import { OperatingSystem, PatchBaseline } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { checkBaseline } from './check-baseline.ts';
import { predefinedBaselineArn, predefinedBaselineFor, predefinedBaselines } from './predefined-baselines.ts';

describe('predefined baselines', () => {
  it('are the 17 of AWS, each under an id of its own', () => {
    expect(predefinedBaselines).toHaveLength(17);
    expect(new Set(predefinedBaselines.map(({ baselineId }) => baselineId)).size).toBe(17);
    expect(predefinedBaselines.every(({ baselineId }) => /^pb-[0-9a-f]{17}$/.test(baselineId))).toBe(true);
  });

  it.each(predefinedBaselines.map((baseline) => [baseline.name, baseline] as const))('%s is valid', (_, baseline) => {
    expect(PatchBaseline.parse(baseline)).toEqual(baseline);
    expect(checkBaseline(baseline)).toEqual([]);
    const levels = baseline.approvalRules.patchRules.map(({ complianceLevel }) => complianceLevel);
    expect(new Set(levels)).toEqual(new Set(['UNSPECIFIED']));
  });

  // User guide, "Predefined patch baselines"; `+ all` marks a rule that takes updates that are not security, too.
  const security = 'CLASSIFICATION=Security SEVERITY=Critical,Important after 7';
  const bugfix = 'CLASSIFICATION=Bugfix SEVERITY=* after 7';
  const byPriority = 'SECTION=* PRIORITY=Required,Important,Standard,Optional,Extra after 0';
  const windows =
    'PATCH_SET=OS CLASSIFICATION=CriticalUpdates,SecurityUpdates MSRC_SEVERITY=Critical,Important after 7';
  it.each<[string, OperatingSystem, string[]]>([
    ['AWS-AmazonLinuxDefaultPatchBaseline', 'AMAZON_LINUX', [security, bugfix]],
    ['AWS-AmazonLinux2DefaultPatchBaseline', 'AMAZON_LINUX_2', [security, bugfix]],
    ['AWS-AmazonLinux2022DefaultPatchBaseline', 'AMAZON_LINUX_2022', [security, bugfix]],
    ['AWS-AmazonLinux2023DefaultPatchBaseline', 'AMAZON_LINUX_2023', [security, bugfix]],
    ['AWS-AlmaLinuxDefaultPatchBaseline', 'ALMA_LINUX', [security, bugfix]],
    ['AWS-RockyLinuxDefaultPatchBaseline', 'ROCKY_LINUX', [security, bugfix]],
    ['AWS-RedHatDefaultPatchBaseline', 'REDHAT_ENTERPRISE_LINUX', [security, bugfix]],
    ['AWS-CentOSDefaultPatchBaseline', 'CENTOS', ['CLASSIFICATION=* SEVERITY=* after 7 + all']],
    [
      'AWS-OracleLinuxDefaultPatchBaseline',
      'ORACLE_LINUX',
      ['CLASSIFICATION=Security SEVERITY=Important,Moderate after 7', bugfix],
    ],
    ['AWS-SuseDefaultPatchBaseline', 'SUSE', [security]],
    ['AWS-DebianDefaultPatchBaseline', 'DEBIAN', [byPriority]],
    ['AWS-UbuntuDefaultPatchBaseline', 'UBUNTU', [byPriority]],
    ['AWS-DefaultRaspbianPatchBaseline', 'RASPBIAN', [byPriority]],
    ['AWS-MacOSDefaultPatchBaseline', 'MACOS', ['CLASSIFICATION=Security after 0', 'CLASSIFICATION=* after 0']],
    ['AWS-DefaultPatchBaseline', 'WINDOWS', [windows]],
    ['AWS-WindowsPredefinedPatchBaseline-OS', 'WINDOWS', [windows]],
    [
      'AWS-WindowsPredefinedPatchBaseline-OS-Applications',
      'WINDOWS',
      [windows, 'PATCH_SET=APPLICATION CLASSIFICATION=* after 7'],
    ],
  ])('%s approves for %s what the one of AWS does', (name, operatingSystem, rules) => {
    const baseline = predefinedBaselines.find((candidate) => candidate.name === name);
    expect(baseline?.operatingSystem).toBe(operatingSystem);
    const described = baseline?.approvalRules.patchRules.map((patchRule) => {
      const filters = patchRule.patchFilterGroup.patchFilters.filter(({ key }) => key !== 'PRODUCT');
      const texts = filters.map(({ key, values }) => `${key}=${values.join(',')}`);
      return `${texts.join(' ')} after ${patchRule.approveAfterDays}${patchRule.enableNonSecurity ? ' + all' : ''}`;
    });
    expect(described).toEqual(rules);
  });

  it('keep their ids, which callers have written down', () => {
    const ids = predefinedBaselines.map(({ baselineId, name }) => `${baselineId.slice(-2)} ${name}`);
    expect(ids[10]).toBe('11 AWS-DebianDefaultPatchBaseline');
    expect(ids[11]).toBe('12 AWS-UbuntuDefaultPatchBaseline');
    expect(predefinedBaselines.map(({ baselineId }) => baselineId)).toEqual(
      Array.from({ length: 17 }, (_, index) => `pb-0ba5e11e000000${String(index + 1).padStart(3, '0')}`),
    );
  });

  it.each(OperatingSystem.options)('has one for %s', (operatingSystem) => {
    expect(predefinedBaselineFor(operatingSystem).operatingSystem).toBe(operatingSystem);
  });

  it('gives Windows its first default, Raspbian its odd name and Debian no delay', () => {
    expect(predefinedBaselineFor('WINDOWS').name).toBe('AWS-DefaultPatchBaseline');
    expect(predefinedBaselineFor('RASPBIAN').name).toBe('AWS-DefaultRaspbianPatchBaseline');
    expect(predefinedBaselineFor('DEBIAN').approvalRules.patchRules[0]?.approveAfterDays).toBe(0);
  });

  it('are addressed by an ARN of their owner', () => {
    expect(predefinedBaselineArn('eu-central-1', 'pb-0ba5e11e000000011')).toBe(
      'arn:aws:ssm:eu-central-1:075727635805:patchbaseline/pb-0ba5e11e000000011',
    );
  });
});
