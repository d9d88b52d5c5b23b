import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { lookAtArchive, type WatchedArchive } from './fetch-archive.ts';

const now = new Date('2026-11-20T12:00:00.000Z');
const index = Buffer.from(
  'Package: bash\nVersion: 1:5.2-1\nArchitecture: amd64\nFilename: pool/bash.deb\nSize: 10\nSection: shells\nPriority: required\n\n' +
    'Package: libc6\nSource: glibc (2.36-1)\nVersion: 2.36-1+b1\nArchitecture: amd64\nFilename: pool/libc6.deb\nSize: 20\n',
);
const xz = (content: Buffer) => spawnSync('xz', ['--stdout'], { input: content }).stdout;
const sum = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

interface Served {
  /** Below `main/binary-amd64`, with what the Release file says of each. */
  readonly indexes: Readonly<Record<string, Buffer>>;
  readonly fields?: string;
  readonly byHash?: boolean;
  /** What is really sent; the named indexes where absent. */
  readonly sent?: Readonly<Record<string, Buffer>>;
}

const plain: Served = { indexes: { Packages: index, 'Packages.gz': gzipSync(index) } };

/** An archive in memory: what the outside world would send. */
async function look(served: Served, known: Partial<WatchedArchive> = {}, knownDigest?: string) {
  const requests: string[] = [];
  const entries = Object.entries(served.indexes).map(
    ([name, content]) => ` ${sum(content)} ${content.length} main/binary-amd64/${name}`,
  );
  const release = [
    'Origin: Debian',
    'Codename: bookworm',
    'Date: Fri, 20 Nov 2026 10:00:00 UTC',
    ...(served.fields === undefined ? [] : [served.fields]),
    `Acquire-By-Hash: ${served.byHash === true ? 'yes' : 'no'}`,
    'SHA256:',
    ...entries,
  ].join('\n');
  const inRelease = `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n${release}\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n`;
  const files = new Map<string, Buffer>([['InRelease', Buffer.from(inRelease)]]);
  for (const [name, content] of Object.entries(served.sent ?? served.indexes)) {
    if (name === 'Packages' && served.sent === undefined) continue;
    files.set(
      served.byHash === true ? `main/binary-amd64/by-hash/SHA256/${sum(content)}` : `main/binary-amd64/${name}`,
      content,
    );
  }
  const looked = await lookAtArchive(
    {
      uri: 'http://archive.test/debian',
      suite: 'bookworm',
      components: ['main'],
      architectures: ['amd64'],
      keyring: Buffer.alloc(0),
      lastModified: null,
      release: null,
      ...known,
    },
    {
      egress: {
        fetch: (url) => {
          const path = url.href.slice('http://archive.test/debian/dists/bookworm/'.length);
          requests.push(path);
          const body = files.get(path);
          return Promise.resolve(
            body === undefined ? { status: 'missing' } : { status: 'fetched', body, lastModified: 'then' },
          );
        },
      },
      checkSignature: () => Promise.resolve({ isValid: true }),
      now,
      isKnown: (_key, digest) => Promise.resolve(digest === knownDigest),
    },
  );
  return { looked, requests };
}

describe('a look at an archive', () => {
  it.each<[string, Served]>([
    ['gz', plain],
    ['xz', { indexes: { Packages: index, 'Packages.xz': xz(index) } }],
    ['no compression', { indexes: { Packages: index }, sent: { Packages: index } }],
    ['xz by hash', { indexes: { Packages: index, 'Packages.xz': xz(index) }, byHash: true }],
  ])('reads every package of an index in %s', async (_, served) => {
    const { looked } = await look(served);
    expect(looked).toMatchObject({
      status: 'read',
      lastModified: 'then',
      release: { origin: 'Debian', codename: 'bookworm' },
      indexes: [
        {
          archiveKey: 'http://archive.test/debian bookworm main amd64',
          digest: `sha256:${sum(index)}`,
          stanzas: [
            { name: 'bash', version: '1:5.2-1' },
            { name: 'libc6', source: 'glibc', sourceVersion: '2.36-1' },
          ],
        },
      ],
    });
  });

  it('fetches no index whose content is known', async () => {
    const { looked, requests } = await look(plain, {}, `sha256:${sum(index)}`);
    expect(looked).toMatchObject({ status: 'read', indexes: [{ stanzas: null }] });
    expect(requests).toEqual(['InRelease']);
  });

  const tampered = Buffer.from(index.toString().replace('1:5.2-1', '1:5.3-1'));
  it.each<[string, Served, Partial<WatchedArchive>, string]>([
    [
      'an index that is not the named one',
      { ...plain, sent: { 'Packages.gz': gzipSync(tampered) } },
      {},
      'sum or size',
    ],
    [
      'a compression that holds something else',
      { indexes: { Packages: index, 'Packages.gz': gzipSync(tampered) } },
      {},
      'sum or size',
    ],
    [
      'what cannot be unpacked',
      { indexes: { Packages: index, 'Packages.xz': Buffer.from('nonsense') } },
      {},
      'cannot be unpacked',
    ],
    ['a missing index', { ...plain, sent: {} }, {}, 'in no compression'],
    ['an unknown component', plain, { components: ['other'] }, 'spelled right'],
    [
      'an expired Release file',
      { ...plain, fields: 'Valid-Until: Fri, 20 Nov 2026 11:59:59 UTC' },
      {},
      'valid until 2026-11-20T11:59:59.000Z',
    ],
    [
      'a Release file older than the known one',
      plain,
      {
        release: {
          origin: '',
          label: '',
          suite: '',
          codename: '',
          date: '2026-11-20T10:00:01.000Z',
          validUntil: null,
        },
      },
      'older than the one of',
    ],
  ])('makes nothing of %s', async (_, served, known, problem) => {
    const { looked } = await look(served, known);
    expect(looked).toEqual({ status: 'failed', problem: expect.stringContaining(problem) });
  });
});
