import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gzipInMembers } from './gzip-in-members.ts';

const megabyte = 1024 * 1024;

async function compressed(content: Buffer, chunkBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let at = 0; at < content.length; at += chunkBytes) chunks.push(content.subarray(at, at + chunkBytes));
  return await collect(Readable.from(chunks));
}

async function collect(source: Readable): Promise<Buffer> {
  const members: Buffer[] = [];
  for await (const member of gzipInMembers(source)) members.push(member);
  return Buffer.concat(members);
}

describe('gzip in members', () => {
  const noise = randomBytes(megabyte);
  const long = Buffer.concat([noise, Buffer.alloc(8 * megabyte), noise]);

  it.each([0, 1, 4 * megabyte - 1, 4 * megabyte, 4 * megabyte + 1, 8 * megabyte, long.length])(
    'gives %i bytes back',
    async (length) => {
      const content = long.subarray(0, length);
      expect(gunzipSync(await compressed(content, 65_536)).equals(content)).toBe(true);
    },
  );

  it('does not depend on how the content arrives', async () => {
    const once = await compressed(long, long.length);
    expect((await compressed(long, 12_345)).equals(once)).toBe(true);
    expect((await compressed(long, 3 * megabyte)).equals(once)).toBe(true);
  });

  it('fails as its source does', async () => {
    const failing = Readable.from(
      (async function* () {
        yield long;
        throw new Error('the disk is gone');
      })(),
    );
    await expect(collect(failing)).rejects.toThrow('the disk is gone');
  });
});
