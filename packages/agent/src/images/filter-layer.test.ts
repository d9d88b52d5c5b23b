import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isTraceOfBuilder } from './builder-traces.ts';
import { filterLayer } from './filter-layer.ts';

let folder: string;
const longName = `${'a-long-directory-name/'.repeat(8)}${'and-an-even-longer-file-name'.repeat(5)}`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'layer-'));
  for (const path of ['etc/resolv.conf', 'etc/passwd', 'var/log/apt/.wh.history.log', 'var/lib/.wh.gone', longName]) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), `content of ${path}\n`);
  }
});

afterEach(() => rmSync(folder, { recursive: true }));

function archive(format: 'gnu' | 'pax' | 'ustar', paths: readonly string[]): Buffer {
  return execFileSync('tar', ['--create', `--format=${format}`, '--directory', folder, '--', ...paths]);
}

async function filter(tar: Buffer, leavesOut: (path: string) => boolean, chunkBytes: number) {
  const chunks = Array.from({ length: Math.ceil(tar.length / chunkBytes) }, (_, index) =>
    tar.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
  const stream = filterLayer(leavesOut);
  const [bytes] = await Promise.all([buffer(stream), pipeline(Readable.from(chunks), stream)]);
  const names = execFileSync('tar', ['--list'], { input: bytes }).toString().split('\n').filter(Boolean);
  return { bytes, names, kept: stream.keptEntries() };
}

it.each(['gnu', 'pax'] as const)('drops what is left out, with its long name, in the format %s', async (format) => {
  const tar = archive(format, ['etc/passwd', longName, 'etc/resolv.conf']);
  expect((await filter(tar, (path) => path === longName, 700)).names).toEqual(['etc/passwd', 'etc/resolv.conf']);
  expect((await filter(tar, (path) => path === 'etc/passwd', 65_536)).names).toEqual([longName, 'etc/resolv.conf']);
});

it('passes the rest on byte by byte', async () => {
  const tar = archive('ustar', ['etc/passwd']);
  const { bytes, kept } = await filter(tar, () => false, 1);
  expect(kept).toBe(1);
  expect(bytes.equals(tar.subarray(0, bytes.length))).toBe(true);
});

it('takes a whiteout for what it hides', async () => {
  const tar = archive('gnu', ['var/log/apt/.wh.history.log', 'var/lib/.wh.gone']);
  expect((await filter(tar, isTraceOfBuilder, 512)).names).toEqual(['var/lib/.wh.gone']);
});

it('refuses a stream that ends in the middle', async () => {
  const tar = archive('gnu', ['etc/passwd']);
  const stream = filterLayer(() => false);
  stream.resume();
  await expect(pipeline(Readable.from([tar.subarray(0, 600)]), stream)).rejects.toThrow('in the middle of an entry');
});

it.each([
  ['etc/resolv.conf', true],
  ['var/log/dpkg.log', true],
  ['var/lib/dpkg/status-old', true],
  ['var/lib/dpkg/status', false],
  ['var/cache/debconf/config.dat', false],
  ['etc/apt/sources.list', false],
  ['srv/etc/resolv.conf', false],
])('%s is a trace of the builder: %s', (path, isTrace) => {
  expect(isTraceOfBuilder(path)).toBe(isTrace);
});
