import { type ArchiveObservation, archiveKey, type NodeFacts } from '@patchbay/facts';
import type { OfferedStanza } from '@patchbay/package-managers';
import { describe, expect, it } from 'vitest';
import { installedPackage, mainArchive, sampleFacts, securityArchive } from '../../test-support/sample-facts.ts';
import type { StoredWatch } from '../archive-watches/repository.ts';
import { type ArchiveContents, findOfferSource, makeOffers } from './watched-offers.ts';

const now = new Date('2026-11-20T12:00:00.000Z');

function watchOf({ address, release }: ArchiveObservation, change: Partial<StoredWatch> = {}): StoredWatch {
  return {
    accountId: '111122223333',
    watchId: '00000000-0000-4000-8000-000000000000',
    uri: address.uri,
    suite: address.suite,
    components: [address.component],
    architectures: [address.architecture],
    keyringName: 'test',
    keyring: Buffer.from(''),
    operatingSystem: null,
    product: null,
    createdAt: now,
    lastAttemptAt: now,
    lastSuccessAt: now,
    problem: null,
    release,
    releaseTraits: { version: '12', notAutomatic: false, butAutomaticUpgrades: false },
    lastModified: null,
    indexDigests: { [archiveKey(address)]: 'sha256:new' },
    packageCount: 0,
    ...change,
  };
}

function stanza(name: string, version: string): OfferedStanza {
  return {
    ...installedPackage(name, version),
    filename: `pool/${name}_${version}.deb`,
    sizeBytes: 1,
    sha256: 'a'.repeat(64),
    phasedUpdatePercentage: null,
  };
}

const { policy, overlay } = sampleFacts();

describe('where the offers of an image come from', () => {
  it('is what its watched archives hold, as of the one that was read longest ago', () => {
    const earlier = new Date(now.getTime() - 3_600_000);
    const watches = [watchOf(securityArchive, { lastSuccessAt: earlier }), watchOf(mainArchive)];
    const validUntil = null;
    expect(findOfferSource([mainArchive, securityArchive], watches, now)).toMatchObject({
      kind: 'watched',
      asOf: earlier,
      validUntil,
      reasons: [],
      archives: [mainArchive, securityArchive].map(({ address }) => ({
        observation: { address, status: 'current', indexDigest: 'sha256:new' },
      })),
    });
  });

  it.each<[string, Partial<ArchiveObservation['address']>, Partial<StoredWatch> | null, string]>([
    ['of which one is not watched', {}, null, 'is not watched, so its news are not known: patchbay archive-watch add'],
    ['watched without a component', {}, { components: ['contrib'] }, 'is watched without main amd64'],
    ['watched without an architecture', {}, { architectures: ['arm64'] }, 'then patchbay archive-watch add'],
    ['never read', {}, { lastSuccessAt: null }, 'has not been read yet: patchbay archive-watch refresh'],
    ['read by a release that kept less', {}, { releaseTraits: null }, 'has not been read yet'],
    ['of which an index was not read', {}, { indexDigests: {} }, 'has not been read yet'],
    ['never read for a reason', {}, { lastSuccessAt: null, problem: 'It is down.' }, 'last looked at. It is down.'],
    ['that are flat', { component: '' }, {}, 'has no components, and such archives cannot be watched yet'],
    ['on a disc', { uri: 'cdrom://[Debian 12]' }, {}, 'is addressed as cdrom://[Debian 12]'],
  ])('is what its build saw, with archives %s', (_, address, change, reason) => {
    const archive = { ...securityArchive, address: { ...securityArchive.address, ...address } };
    const watches = [watchOf(mainArchive), ...(change === null ? [] : [watchOf(securityArchive, change)])];
    const source = findOfferSource([mainArchive, archive], watches, now);
    expect(source).toMatchObject({ kind: 'own', reasons: [{ code: 'archive', archive: archiveKey(archive.address) }] });
    expect(source.reasons[0]?.message).toContain(reason);
  });

  it('is what its build saw where that names no archive at all', () => {
    expect(findOfferSource([], [watchOf(mainArchive)], now)).toEqual({ kind: 'own', reasons: [] });
  });

  it('is not current once a Release file is out of date, to the millisecond', () => {
    const release = { origin: '', label: '', suite: '', codename: '', date: null, validUntil: now.toISOString() };
    const statusAt = (at: number) => {
      const source = findOfferSource([mainArchive], [watchOf(mainArchive, { release })], new Date(at));
      if (source.kind === 'own') throw new Error('It is watched');
      return [source.archives[0]?.observation.status, source.validUntil?.getTime()];
    };
    expect(statusAt(now.getTime())).toEqual(['current', now.getTime() + 1]);
    expect(statusAt(now.getTime() + 1)).toEqual(['expired', undefined]);
  });
});

describe('offers made from archives', () => {
  const make = (
    main: readonly OfferedStanza[],
    security: readonly OfferedStanza[],
    given: Pick<NodeFacts, 'policy' | 'overlay'> = { policy, overlay },
  ) => {
    const source = findOfferSource(
      [mainArchive, securityArchive],
      [mainArchive, securityArchive].map((each) => watchOf(each)),
      now,
    );
    if (source.kind === 'own') throw new Error('All are watched');
    const contents: ArchiveContents = new Map([
      [archiveKey(mainArchive.address), Map.groupBy(main, ({ name }) => name)],
      [archiveKey(securityArchive.address), Map.groupBy(security, ({ name }) => name)],
    ]);
    return makeOffers(source.archives, { packages: [installedPackage('openssl', '1')] }, given, contents);
  };

  it('follow the pins and the default release of the image', () => {
    const both = [[stanza('openssl', '1')], [stanza('openssl', '2')]] as const;
    expect(make(...both).offers).toMatchObject([
      { candidate: '2', versions: [{ pinPriority: 500 }, { pinPriority: 500 }] },
    ]);
    expect(make(...both, { policy, overlay: { ...overlay, defaultRelease: 'bookworm' } }).offers).toMatchObject([
      {
        candidate: '1',
        versions: [
          { version: '2', pinPriority: 500 },
          { version: '1', pinPriority: 990 },
        ],
      },
    ]);
    const pin = { file: '', packages: 'openssl', pin: 'version 1', priority: 1001, explanation: '' };
    expect(make(...both, { policy: { ...policy, pins: [pin] }, overlay }).offers).toMatchObject([{ candidate: '1' }]);
  });

  it('are not trusted where a version cannot be compared', () => {
    expect(make([stanza('openssl', '1')], [stanza('openssl', 'fix_me')]).archives).toEqual([
      expect.objectContaining({ status: 'current' }),
      {
        address: securityArchive.address,
        status: 'unreadable',
        reason: 'it offers openssl with the version "fix_me", which is not a valid one',
        release: null,
        indexDigest: null,
      },
    ]);
  });
});
