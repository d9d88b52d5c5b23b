import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { RandomBytes } from './random-bytes.ts';
import { SecretsError } from './secrets-error.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 'v1';

/** What the installation's key is used for. The key itself leaves this object only as derived keys. */
export interface SecretBox {
  /** Encrypts a text so that only `open` with the same context reads it; the context says where it is stored. */
  seal(plaintext: string, context: string): string;
  /** Throws `NOT_SEALED_BY_THIS_KEY` when key, context or a single bit differ. */
  open(sealed: string, context: string): string;
  /** 32 bytes for one purpose, named by the label: the same label always gives the same key. */
  deriveKey(label: string): Uint8Array;
}

/** AES-256-GCM with the context as associated data (NIST SP 800-38D), under keys derived by HKDF-SHA256 (RFC 5869). */
export function createSecretBox(key: Uint8Array, randomBytes: RandomBytes): SecretBox {
  const deriveKey = (label: string) => new Uint8Array(hkdfSync('sha256', key, '', `patchbay:${label}`, 32));
  const sealingKey = createSecretKey(deriveKey('seal'));
  return {
    deriveKey,
    seal: (plaintext, context) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(context, 'utf8'));
      const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      return `${VERSION}.${Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url')}`;
    },
    open: (sealed, context) => {
      try {
        return openSealed(sealingKey, sealed, context);
      } catch (error) {
        throw new SecretsError(
          'NOT_SEALED_BY_THIS_KEY',
          `The secret stored as "${context}" cannot be opened: it was changed, or sealed with another key file.`,
          { cause: error },
        );
      }
    },
  };
}

function openSealed(key: KeyObject, sealed: string, context: string): string {
  const [version, text, ...rest] = sealed.split('.');
  if (version !== VERSION || text === undefined || rest.length > 0) throw new RangeError('Not a sealed text');
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new RangeError('A sealed text that was cut short');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(context, 'utf8'));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  const body = bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES);
  return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
}
