import { describe, expect, it } from 'vitest';
import { computeOffers } from './offers.ts';
import { readPackagesIndex } from './packages-index.ts';
import { parsePreferences } from './preferences.ts';
import { parseRelease } from './release.ts';

const sum = 'a'.repeat(64);
const release = `Origin: Debian
Label: Debian-Security
Suite: stable-security
Version: 12
Codename: bookworm-security
Date: Fri, 20 Nov 2026 00:12:41 UTC
Valid-Until: Fri, 27 Nov 2026 00:12:41 +0000
SHA256:
 ${sum}        0 main/binary-amd64/Packages
 ${sum}       32 main/binary-amd64/Packages.xz
`;

describe('a Release file', () => {
  it.each([
    ['plain', release],
    [
      'clear-signed',
      `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${release}-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n`,
    ],
  ])('is read when it is %s', (_, text) => {
    const { fields, version, indexes, notAutomatic } = parseRelease(text);
    expect(fields).toEqual({
      origin: 'Debian',
      label: 'Debian-Security',
      suite: 'stable-security',
      codename: 'bookworm-security',
      date: '2026-11-20T00:12:41.000Z',
      validUntil: '2026-11-27T00:12:41.000Z',
    });
    expect([version, notAutomatic]).toEqual(['12', false]);
    expect(indexes.get('main/binary-amd64/Packages.xz')).toEqual({ sha256: sum, sizeBytes: 32 });
  });

  it('has null for dates that it does not name', () => {
    expect(parseRelease('Origin: A\nNotAutomatic: yes\n')).toMatchObject({
      fields: { date: null, validUntil: null, suite: '' },
      notAutomatic: true,
      butAutomaticUpgrades: false,
    });
  });

  it.each([
    '',
    'Date: yesterday\n',
    'SHA256:\n what\n',
    'Origin: A\n\nOrigin: B\n',
    '-----BEGIN PGP SIGNED MESSAGE-----\nOrigin: A\n',
  ])('refuses %j', (text) => {
    expect(() => parseRelease(text)).toThrow(expect.objectContaining({ code: 'UNREADABLE_FILE' }));
  });
});

const stanza = (name: string, version: string, more = ''): string =>
  `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\nFilename: pool/${name}.deb\nSize: 7\nSHA256: ${sum}\n${more}`;

function read(text: string, ...wanted: string[]) {
  return readPackagesIndex(new TextEncoder().encode(text), new Set(wanted));
}

describe('a Packages index', () => {
  it('yields the wanted stanzas only, in order, whatever stands around them', () => {
    const text = `\n${stanza('a', '1')}\n${stanza('b', '2', 'Source: src (2.1)\nPhased-Update-Percentage: 30\nDepends: a (>= 1)\n')}\n\n${stanza('b', '3').trimEnd()}`;
    expect(read(text, 'b')).toEqual([
      expect.objectContaining({
        name: 'b',
        version: '2',
        source: 'src',
        sourceVersion: '2.1',
        phasedUpdatePercentage: 30,
        depends: 'a (>= 1)',
        sizeBytes: 7,
      }),
      expect.objectContaining({
        version: '3',
        source: 'b',
        sourceVersion: '3',
        phasedUpdatePercentage: null,
        sha256: sum,
      }),
    ]);
  });

  it('finds the name where other fields stand first', () => {
    const text = stanza('a', '1').replace(/^(Package: a\n)(Version: 1\n)/, '$2$1');
    expect(read(text, 'a')).toHaveLength(1);
  });

  it('refuses a stanza without a name and a wanted one without its fields, with the line', () => {
    expect(() => read(`${stanza('a', '1')}\nVersion: 1\n`, 'b')).toThrow(expect.objectContaining({ line: 8 }));
    expect(() => read(`${stanza('a', '1')}\nPackage: b\n`, 'b')).toThrow(expect.objectContaining({ line: 8 }));
    expect(() => read(stanza('b', '1').replace('Size: 7', 'Size: x'), 'b')).toThrow(/Size/);
  });

  it('refuses stanzas that something else than an empty line parts, rather than pass over them', () => {
    const text = `${stanza('a', '1')}\n${stanza('b', '2')}`;
    expect(() => read(text.replaceAll('\n', '\r\n'), 'b')).toThrow(expect.objectContaining({ line: 7 }));
    expect(() => read(text.replace('\n\n', '\n \n'), 'a')).toThrow(expect.objectContaining({ line: 8 }));
    expect(read(stanza('a', '1', 'Description: a \r in the middle\n'), 'a')).toHaveLength(1);
  });

  it('does not mind what is wrong with packages that nobody asks for', () => {
    expect(read(`${stanza('a', '1')}\nPackage: b\nrubbish\n`, 'a')).toHaveLength(1);
  });
});

describe('preferences', () => {
  it('are read with comments, folded lines and explanations', () => {
    const text = '# why\nExplanation: ours\nPackage: a b\nPin: release o=Vendor,\n l=Stable\nPin-Priority: -10\n';
    expect(parsePreferences(text, 'p')).toEqual([
      { file: 'p', packages: 'a b', pin: 'release o=Vendor,\nl=Stable', priority: -10, explanation: 'ours' },
    ]);
  });

  it.each([
    'Pin: version 1\nPin-Priority: 1\n',
    'Package: a\nPin: version 1\n',
    'Package: a\nPin: version 1\nPin-Priority: 0\n',
    'Package: a\nPin: moon\nPin-Priority: 1\n',
  ])('refuse %j, as apt does', (text) => {
    expect(() => parsePreferences(text, 'p')).toThrow(expect.objectContaining({ code: 'UNREADABLE_FILE' }));
  });
});

describe('offers', () => {
  const address = { uri: 'http://archive.example', suite: 's', component: 'main', architecture: 'amd64' };
  const installed = {
    name: 'a',
    architecture: 'amd64',
    version: '1',
    source: 'a',
    sourceVersion: '1',
    section: '',
    priority: '',
  };
  const request = { architecture: 'amd64', pins: [], defaultRelease: null };

  it('report a version that has no order instead of passing over it', () => {
    const indexes = [
      { archive: 4, address, release: null, stanzas: read(`${stanza('a', 'x1')}\n${stanza('a', '2')}`, 'a') },
    ];
    const { offers, uncomparable } = computeOffers({ ...request, installed: [installed], indexes });
    expect(uncomparable).toEqual([{ name: 'a', architecture: 'amd64', version: 'x1', archive: 4 }]);
    expect(offers[0]).toMatchObject({ candidate: '2', versions: [{ version: '2', archives: [4], pinPriority: 500 }] });
  });

  it('have no candidate for an installed version that has no order', () => {
    const { offers, uncomparable } = computeOffers({
      ...request,
      installed: [{ ...installed, version: 'x' }],
      indexes: [],
    });
    expect(offers).toEqual([{ name: 'a', architecture: 'amd64', candidate: null, versions: [] }]);
    expect(uncomparable).toEqual([{ name: 'a', architecture: 'amd64', version: 'x', archive: null }]);
  });
});
