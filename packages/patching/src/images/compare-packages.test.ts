import type { InstalledPackage } from '@patchbay/facts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePackages } from './compare-packages.ts';

function installed(name: string, version: string, architecture = 'amd64'): InstalledPackage {
  return { name, architecture, version, source: name, sourceVersion: version, section: 'libs', priority: 'optional' };
}

describe('a machine beside its image', () => {
  it('differs by what was added, removed and changed, in the order of the names', () => {
    const image = [installed('bash', '5'), installed('curl', '7'), installed('openssl', '3.0.1')];
    const node = [installed('bash', '5'), installed('openssl', '3.0.2'), installed('apache2', '2.4')];
    expect(comparePackages(image, node)).toEqual([
      { name: 'apache2', architecture: 'amd64', change: 'added', imageVersion: null, nodeVersion: '2.4' },
      { name: 'curl', architecture: 'amd64', change: 'removed', imageVersion: '7', nodeVersion: null },
      { name: 'openssl', architecture: 'amd64', change: 'changed', imageVersion: '3.0.1', nodeVersion: '3.0.2' },
    ]);
  });

  it('has each architecture of a package apart', () => {
    const image = [installed('libc6', '2.36'), installed('libc6', '2.36', 'i386')];
    expect(comparePackages(image, [installed('libc6', '2.36')])).toMatchObject([
      { architecture: 'i386', change: 'removed' },
    ]);
  });

  it('does not differ from itself, and differs the other way round by the opposite', () => {
    const packages = fc.uniqueArray(
      fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), version: fc.constantFrom('1', '2') }),
      { selector: ({ name }) => name },
    );
    const opposite = { added: 'removed', removed: 'added', changed: 'changed' } as const;
    fc.assert(
      fc.property(packages, packages, (left, right) => {
        const [one, other] = [left, right].map((each) => each.map(({ name, version }) => installed(name, version)));
        if (!one || !other) throw new Error('There are two');
        expect(comparePackages(one, one)).toEqual([]);
        expect(comparePackages(other, one)).toEqual(
          comparePackages(one, other).map(({ change, imageVersion, nodeVersion, ...name }) => ({
            ...name,
            change: opposite[change],
            imageVersion: nodeVersion,
            nodeVersion: imageVersion,
          })),
        );
      }),
    );
  });
});
