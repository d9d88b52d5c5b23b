import type { ArchiveObservation, ReleaseFields } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { compileArchivePatterns, defaultArchiveClassification, isSecurityArchive } from './archive-classification.ts';

function observed(
  uri: string,
  suite: string,
  release: Partial<ReleaseFields> | null,
): Pick<ArchiveObservation, 'address' | 'release'> {
  return {
    address: { uri, suite, component: 'main', architecture: 'amd64' },
    release:
      release === null
        ? null
        : { origin: '', label: '', suite: '', codename: '', date: null, validUntil: null, ...release },
  };
}

describe('isSecurityArchive with the defaults', () => {
  it.each([
    ['http://a.test/debian-security', 'bookworm-security', { origin: 'Debian', label: 'Debian-Security' }, true],
    ['http://mirror.test/x', 'weird', { origin: 'Debian', label: 'Debian-Security' }, true],
    ['http://a.test/debian', 'x', { origin: 'Debian', label: 'Debian', codename: 'bookworm-security' }, true],
    ['http://a.test/debian', 'bookworm', { origin: 'Debian', label: 'Debian', codename: 'bookworm' }, false],
    ['http://a.test/debian', 'bookworm-updates', { origin: 'Debian', codename: 'bookworm-updates' }, false],
    ['http://a.test/ubuntu', 'jammy-security', { origin: 'Ubuntu', suite: 'jammy-security', codename: 'jammy' }, true],
    ['http://a.test/ubuntu', 'jammy-updates', { origin: 'Ubuntu', suite: 'jammy-updates', codename: 'jammy' }, false],
    ['http://a.test/esm', 'jammy-apps-security', { origin: 'UbuntuESMApps', suite: 'jammy-apps-security' }, true],
    ['http://v.test/apt', 'foo-security', { origin: 'Vendor', label: 'Vendor', suite: 'foo-security' }, false],
    ['http://a.test/debian-security', 'bookworm-security', null, true],
    ['http://a.test/debian-security', 'stable/updates', null, true],
    ['http://a.test/debian', 'bookworm-updates', null, false],
    ['http://v.test/apt', 'stable', null, false],
  ])('takes %s %s %j for %j', (uri, suite, release, expected) => {
    expect(isSecurityArchive(observed(uri, suite, release), defaultArchiveClassification)).toBe(expected);
  });
});

describe('compileArchivePatterns', () => {
  it('needs every member of a pattern to match, and any of the patterns', () => {
    const matches = compileArchivePatterns([
      { origin: 'Acme', label: 'Fixes' },
      { addressUri: 'https://fixes.test/*' },
    ]);
    expect(matches(observed('http://a.test', 's', { origin: 'Acme', label: 'Fixes' }))).toBe(true);
    expect(matches(observed('http://a.test', 's', { origin: 'Acme', label: 'Other' }))).toBe(false);
    expect(matches(observed('https://fixes.test/x', 's', { origin: 'Other' }))).toBe(true);
    expect(compileArchivePatterns([])(observed('http://a.test', 's', null))).toBe(false);
  });
});
