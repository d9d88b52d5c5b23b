import { PackageURL } from 'packageurl-js';
import { describe, expect, it } from 'vitest';
import { imageUrlOf, packageUrlOf } from './package-url.ts';
import { installedPackage } from './sample-contents.ts';

const bookworm = { id: 'debian', versionId: '12' };

describe('the package URL of a Debian package', () => {
  it('names a package with its distribution and architecture', () => {
    const bash = installedPackage('bash', '5.2.15-2');
    expect(packageUrlOf(bookworm, bash)).toBe('pkg:deb/debian/bash@5.2.15-2?arch=amd64&distro=debian-12');
  });

  it('leaves out the version of a distribution that has none', () => {
    const vim = installedPackage('vim', '2:9.0.1378-2', { architecture: 'all' });
    const testing = { id: 'debian', versionId: '' };
    expect(packageUrlOf(testing, vim)).toBe('pkg:deb/debian/vim@2:9.0.1378-2?arch=all&distro=debian');
  });

  // From purl-spec, tests/types/deb-test.json: `pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64`.
  it('encodes the plus sign and leaves colon and tilde, as the specification demands', () => {
    const attr = installedPackage('attr', '1:2.4.47-2+b1');
    expect(packageUrlOf(bookworm, attr)).toBe('pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64&distro=debian-12');
    const compiler = installedPackage('g++', '12~rc1', { architecture: 'any~x+y:z' });
    expect(packageUrlOf({ id: 'debian', versionId: '12~beta' }, compiler)).toBe(
      'pkg:deb/debian/g%2B%2B@12~rc1?arch=any~x%2By:z&distro=debian-12~beta',
    );
  });

  it('encodes every other character, so that any reader finds the parts again', () => {
    const odd = installedPackage('a/b@c?d#e', "1!'()* %2B&=é\ud800", { architecture: 'x&y=z' });
    const url = packageUrlOf(bookworm, odd);
    expect(url).toMatch(/^[A-Za-z0-9.\-_~%:/@?=&#]+$/);
    const read = PackageURL.fromString(url);
    expect(read.name).toBe('a/b@c?d#e');
    expect(read.version).toBe("1!'()* %2B&=é\ufffd");
    expect(read.qualifiers).toEqual({ arch: 'x&y=z', distro: 'debian-12' });
  });

  it('writes vendor and name in lower case, and a vendor where os-release names none', () => {
    const odd = installedPackage('Odd', '1A');
    const url = 'pkg:deb/vendor/odd@1A?arch=amd64&distro=Vendor-1';
    expect(packageUrlOf({ id: 'Vendor', versionId: '1' }, odd)).toBe(url);
    expect(packageUrlOf({ id: '', versionId: '' }, odd)).toBe('pkg:deb/linux/odd@1A?arch=amd64&distro=linux');
  });
});

describe('the package URL of an image', () => {
  const digest = `sha256:${'a'.repeat(64)}`;

  it('has the last part of its name, its digest and where it lies', () => {
    const subject = { name: 'registry.example:5000/Base/Web', version: '1', digest };
    expect(imageUrlOf(subject)).toBe(`pkg:oci/web@${digest}?repository_url=registry.example:5000%2FBase%2FWeb`);
    expect(imageUrlOf({ ...subject, name: 'web' })).toBe(`pkg:oci/web@${digest}`);
  });

  it('is absent without a digest', () => {
    expect(imageUrlOf({ name: '/srv/root', version: null, digest: null })).toBeNull();
  });
});
