import { describe, expect, it } from 'vitest';
import { findChangelogDateLine } from './changelog.ts';

const changelog = `openssl (3.0.2-1+b1) sid; urgency=low, binary-only=yes

  * Binary-only non-maintainer upload; no source changes.

 -- Builder <b@example.test>  Wed, 04 Mar 2026 00:00:00 +0000

openssl (3.0.2-1) unstable; urgency=medium

  * See (CVE-2026-1) for:

 -- Ann <a@example.test>  Tue, 03 Mar 2026 00:00:00 +0000
`;

describe('the changelog of a package', () => {
  it('has one entry per version, and a rebuild does not hide its source', () => {
    expect(findChangelogDateLine(changelog, 'openssl', '3.0.2-1+b1')).toContain('Wed, 04 Mar 2026');
    expect(findChangelogDateLine(changelog, 'openssl', '3.0.2-1')).toBe(
      ' -- Ann <a@example.test>  Tue, 03 Mar 2026 00:00:00 +0000',
    );
  });

  it.each([
    ['another version', 'openssl', '3.0.1-1'],
    ['another source', 'openssh', '3.0.2-1'],
  ])('says nothing about %s', (_, source, version) => {
    expect(findChangelogDateLine(changelog, source, version)).toBeNull();
  });

  it('may be of another form', () => {
    expect(findChangelogDateLine('Version 3.0.2-1\n * fixed\n', 'openssl', '3.0.2-1')).toBeNull();
    expect(findChangelogDateLine('openssl (3.0.2-1) sid; urgency=low\n', 'openssl', '3.0.2-1')).toBeNull();
  });
});
