import { BillError } from './bill-error.ts';

export interface ImageDigest {
  readonly algorithm: 'sha256' | 'sha512';
  readonly hex: string;
}

/**
 * Reads a digest with one of the algorithms that the OCI image specification registers (descriptor.md, "Digests").
 * @throws BillError INVALID_DIGEST
 */
export function parseImageDigest(text: string): ImageDigest {
  if (!/^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text)) {
    const message = `${JSON.stringify(text)} is no digest of an image: sha256: and 64, or sha512: and 128 hexadecimal digits in lower case`;
    throw new BillError('INVALID_DIGEST', message);
  }
  return { algorithm: text.startsWith('sha256') ? 'sha256' : 'sha512', hex: text.slice('sha256:'.length) };
}
