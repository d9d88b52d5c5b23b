import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';

/** RFC 8410, section 7: the fixed head of a PKCS #8 Ed25519 key, which the 32-byte seed follows. */
const PKCS8_ED25519_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

export const SIGNING_SEED_BYTES = 32;

/** The key with which the control plane signs what its agents may run (Ed25519, RFC 8032). */
export interface SigningKey {
  /** First 16 hex digits of the SHA-256 of the public key. */
  readonly keyId: string;
  /** Base64 of the DER SubjectPublicKeyInfo. */
  readonly publicKey: string;
  /** Base64 of the 64-byte signature over the text's UTF-8 bytes. */
  sign(text: string): string;
}

/** Makes the key pair that a seed of 32 secret bytes stands for. */
export function signingKeyFromSeed(seed: Uint8Array): SigningKey {
  if (seed.length !== SIGNING_SEED_BYTES) throw new RangeError(`A signing seed has 32 bytes, not ${seed.length}`);
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519_HEAD, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicDer = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return {
    keyId: createHash('sha256').update(publicDer).digest('hex').slice(0, 16),
    publicKey: publicDer.toString('base64'),
    sign: (text) => sign(null, Buffer.from(text, 'utf8'), privateKey).toString('base64'),
  };
}
