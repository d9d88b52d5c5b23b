import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readOrCreateKeyFile } from './key-file.ts';
import { createSecretBox } from './secret-box.ts';
import { signingKeyFromSeed } from './signing-key.ts';

describe('readOrCreateKeyFile', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchbay-key-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('creates 32 bytes for the owner alone, once', async () => {
    const path = join(folder, 'key');
    const key = await readOrCreateKeyFile(path, randomBytes);
    expect(key).toHaveLength(32);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readOrCreateKeyFile(path, randomBytes)).toEqual(key);
  });

  it('refuses a file that others can read', async () => {
    const path = join(folder, 'key');
    await readOrCreateKeyFile(path, randomBytes);
    await chmod(path, 0o640);
    await expect(readOrCreateKeyFile(path, randomBytes)).rejects.toMatchObject({ code: 'KEY_FILE_TOO_LOOSE' });
  });

  it('refuses a file that was cut short instead of replacing it', async () => {
    const path = join(folder, 'key');
    await writeFile(path, 'short', { mode: 0o600 });
    await expect(readOrCreateKeyFile(path, randomBytes)).rejects.toMatchObject({ code: 'KEY_FILE_DAMAGED' });
  });
});

describe('createSecretBox', () => {
  const box = createSecretBox(Buffer.alloc(32, 1), randomBytes);

  it.each(['', 'secret', 'ü'.repeat(10_000)])('opens what it sealed', (text) => {
    expect(box.open(box.seal(text, 'a'), 'a')).toBe(text);
  });

  it('seals the same text differently each time', () => {
    expect(box.seal('secret', 'a')).not.toBe(box.seal('secret', 'a'));
  });

  it('opens nothing under another context', () => {
    expect(() => box.open(box.seal('secret', 'a'), 'b')).toThrowError(expect.objectContaining({ code: CODE }));
  });

  it('opens nothing with another key', () => {
    const other = createSecretBox(Buffer.alloc(32, 2), randomBytes);
    expect(() => other.open(box.seal('secret', 'a'), 'a')).toThrowError(expect.objectContaining({ code: CODE }));
  });

  it('notices every changed character', () => {
    const sealed = box.seal('secret', 'a');
    for (let position = 0; position < sealed.length - 1; position += 1) {
      const changed = sealed.slice(0, position) + (sealed[position] === 'A' ? 'B' : 'A') + sealed.slice(position + 1);
      expect(() => box.open(changed, 'a')).toThrowError(expect.objectContaining({ code: CODE }));
    }
  });

  it.each(['', 'v1.', 'v1', 'v2.AAAA', 'v1.AAAA', 'v1.AAAA.BBBB'])('refuses %j as not sealed', (text) => {
    expect(() => box.open(text, 'a')).toThrowError(expect.objectContaining({ code: CODE }));
  });

  it('derives one key per label', () => {
    expect(box.deriveKey('pages')).toEqual(box.deriveKey('pages'));
    expect(box.deriveKey('pages')).not.toEqual(box.deriveKey('sessions'));
    expect(box.deriveKey('pages')).toHaveLength(32);
  });

  const CODE = 'NOT_SEALED_BY_THIS_KEY';
});

describe('signingKeyFromSeed', () => {
  it('signs as RFC 8032, section 7.1, test 2 does', () => {
    const key = signingKeyFromSeed(
      Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex'),
    );
    expect(Buffer.from(key.publicKey, 'base64').toString('hex')).toBe(
      '302a300506032b65700321003d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    );
    expect(Buffer.from(key.sign('r'), 'base64').toString('hex')).toBe(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
        '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    );
  });

  it('makes signatures that its public key verifies for that text only', () => {
    const key = signingKeyFromSeed(randomBytes(32));
    const publicKey = createPublicKey({ key: Buffer.from(key.publicKey, 'base64'), format: 'der', type: 'spki' });
    const signature = Buffer.from(key.sign('plan'), 'base64');
    expect(verify(null, Buffer.from('plan'), publicKey, signature)).toBe(true);
    expect(verify(null, Buffer.from('plam'), publicKey, signature)).toBe(false);
    expect(key.keyId).toMatch(/^[0-9a-f]{16}$/);
  });
});
