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
