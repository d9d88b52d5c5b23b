import { describe, expect, it } from 'vitest';
import { predefinedBaselineFor } from '../baselines/predefined-baselines.ts';
import { patchGroupOf, resolveBaseline } from './patch-groups.ts';

describe('patchGroupOf', () => {
  it.each([
    [{ PatchGroup: 'web' }, 'web'],
    [{ 'Patch Group': 'web' }, 'web'],
    [{ 'Patch Group': 'old', PatchGroup: 'new' }, 'new'],
    [{ patchgroup: 'web', 'patch group': 'web' }, null],
    [{}, null],
    [{ PatchGroup: '' }, ''],
  ] as const)('reads %j as %j', (tags, expected) => {
    expect(patchGroupOf(tags as Record<string, string>)).toBe(expected);
  });
});

describe('resolveBaseline', () => {
  const registrations = [
    { patchGroup: 'web', operatingSystem: 'UBUNTU' as const, baselineId: 'pb-ubuntu' },
    { patchGroup: 'web', operatingSystem: 'DEBIAN' as const, baselineId: 'pb-debian' },
  ];

  it.each([
    ['web', 'DEBIAN', 'pb-debian', 'patch-group'],
    ['web', 'UBUNTU', 'pb-ubuntu', 'patch-group'],
    ['web', 'SUSE', 'pb-suse', 'default'],
    ['other', 'DEBIAN', predefinedBaselineFor('DEBIAN').baselineId, 'predefined'],
    [null, 'SUSE', 'pb-suse', 'default'],
    [null, 'DEBIAN', predefinedBaselineFor('DEBIAN').baselineId, 'predefined'],
  ] as const)('gives group %s on %s the baseline %s (%s)', (patchGroup, operatingSystem, baselineId, because) => {
    const resolution = resolveBaseline({ patchGroup, operatingSystem, registrations, defaults: { SUSE: 'pb-suse' } });
    expect(resolution).toMatchObject({ baselineId, because });
    expect(resolution.reason).not.toBe('');
  });
});
