import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openSealedKey, requireGoodPassphrase, SealedKey, sealKey } from './sealed-key.ts';

const key = randomBytes(32);
const passphrase = 'correct horse battery';
const manifest = Buffer.from('{"format":"patchbay-backup"}');

describe('a sealed key', () => {
  // Slow by design, and slower on a busy machine.
  it('opens with its passphrase and its manifest, and with no other', { timeout: 60_000 }, async () => {
    const sealed = SealedKey.parse(JSON.parse(JSON.stringify(await sealKey(key, passphrase, manifest))));
    expect(JSON.stringify(sealed)).not.toContain(key.toString('base64'));
    expect(await openSealedKey(sealed, passphrase, manifest)).toEqual(key);
    await expect(openSealedKey(sealed, `${passphrase}!`, manifest)).rejects.toMatchObject({ code: 'WRONG_PASSPHRASE' });
    await expect(openSealedKey(sealed, passphrase, Buffer.from('{}'))).rejects.toMatchObject({
      code: 'WRONG_PASSPHRASE',
    });
  });

  it('asks for no more memory than is sensible', () => {
    const scrypt = { cost: 2 ** 30, blockSize: 8, parallelization: 1, salt: 'AAAA' };
    expect(SealedKey.safeParse({ scrypt, nonce: 'AAAA', ciphertext: 'AAAA', tag: 'AAAA' }).success).toBe(false);
  });

  it('needs a passphrase worth the name', () => {
    expect(() => requireGoodPassphrase('short')).toThrow(expect.objectContaining({ code: 'NO_PASSPHRASE' }));
    expect(requireGoodPassphrase(passphrase)).toBe(passphrase);
  });
});
