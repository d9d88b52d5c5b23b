import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from 'node:crypto';
import { z } from 'zod';
import { BackupError } from './backup-error.ts';

const base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/);

/** The installation's key under a passphrase: scrypt (RFC 7914) and AES-256-GCM. */
export const SealedKey = z.object({
  /** Bounded, so that a forged backup cannot ask for all memory. */
  scrypt: z.object({
    cost: z
      .number()
      .int()
      .min(2)
      .max(2 ** 20),
    blockSize: z.number().int().min(1).max(16),
    parallelization: z.number().int().min(1).max(4),
    salt: base64,
  }),
  nonce: base64,
  ciphertext: base64,
  tag: base64,
});
export type SealedKey = z.infer<typeof SealedKey>;

/** 128 MiB and about half a second: OWASP's "Password Storage Cheat Sheet" names these. */
const parameters = { cost: 2 ** 17, blockSize: 8, parallelization: 1 } as const;

const fewestPassphraseCharacters = 12;

/** Checks what a person chose. @throws BackupError NO_PASSPHRASE */
export function requireGoodPassphrase(passphrase: string): string {
  if (passphrase.length >= fewestPassphraseCharacters) return passphrase;
  throw new BackupError(
    'NO_PASSPHRASE',
    `The passphrase must have at least ${fewestPassphraseCharacters} characters: it alone protects the key in the backup.`,
  );
}

/** Seals the key together with the manifest: neither can be changed without the passphrase. */
export async function sealKey(key: Uint8Array, passphrase: string, manifest: Uint8Array): Promise<SealedKey> {
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const settings = { ...parameters, salt: salt.toString('base64') };
  const cipher = createCipheriv('aes-256-gcm', await deriveKey(passphrase, settings), nonce);
  cipher.setAAD(digestOf(manifest));
  const ciphertext = Buffer.concat([cipher.update(key), cipher.final()]);
  return {
    scrypt: settings,
    nonce: nonce.toString('base64'),
    ciphertext: ciphertext.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
  };
}

/** @throws BackupError WRONG_PASSPHRASE, also when key or manifest were changed */
export async function openSealedKey(sealed: SealedKey, passphrase: string, manifest: Uint8Array): Promise<Buffer> {
  try {
    const key = await deriveKey(passphrase, sealed.scrypt);
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(sealed.nonce, 'base64'), { authTagLength: 16 });
    decipher.setAAD(digestOf(manifest));
    decipher.setAuthTag(Buffer.from(sealed.tag, 'base64'));
    return Buffer.concat([decipher.update(Buffer.from(sealed.ciphertext, 'base64')), decipher.final()]);
  } catch (cause) {
    throw new BackupError(
      'WRONG_PASSPHRASE',
      'The key in the backup does not open: the passphrase is another one, or the backup was changed.',
      { cause },
    );
  }
}

async function deriveKey(passphrase: string, { salt, ...options }: SealedKey['scrypt']): Promise<Buffer> {
  const maxmem = 256 * options.cost * options.blockSize;
  return await new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), Buffer.from(salt, 'base64'), 32, { ...options, maxmem }, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}

function digestOf(manifest: Uint8Array): Buffer {
  return createHash('sha256').update(manifest).digest();
}
