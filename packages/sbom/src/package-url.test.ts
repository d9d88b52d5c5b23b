import { expect, it } from 'vitest';
import { packageUrlOf } from './package-url.ts';

it('names a package with its distribution and architecture', () => {
  const bash = {
    distributionId: 'debian',
    versionId: '12',
    name: 'bash',
    version: '5.2.15-2+b7',
    architecture: 'amd64',
  };
  expect(packageUrlOf(bash)).toBe('pkg:deb/debian/bash@5.2.15-2+b7?arch=amd64&distro=debian-12');
});

it('leaves out the version of a distribution that has none', () => {
  const vim = { distributionId: 'debian', versionId: null, name: 'vim', version: '2:9.0.1378-2', architecture: 'all' };
  expect(packageUrlOf(vim)).toBe('pkg:deb/debian/vim@2:9.0.1378-2?arch=all&distro=debian');
});
