import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArchiveWatchError } from './errors.ts';

const keyringDirectory = '/usr/share/keyrings';

export interface Keyring {
  readonly name: string;
  /** Binary, as gpgv takes it. */
  readonly content: Buffer;
}

/** The keyring that a watch is made with: a file of the server by its name, or what was uploaded. */
export async function readKeyring(given: { readonly file: string } | { readonly content: string }): Promise<Keyring> {
  if (!('file' in given)) return { name: 'uploaded', content: toBinary(Buffer.from(given.content, 'base64'), 'It') };
  const path = join(keyringDirectory, given.file);
  try {
    return { name: path, content: toBinary(await readFile(path), path) };
  } catch (error) {
    if (error instanceof ArchiveWatchError) throw error;
    const message = `The server has no keyring ${path} that it can read; upload one instead.`;
    throw new ArchiveWatchError('WATCH_KEYRING', message, { cause: error });
  }
}

export function keyringSum(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** RFC 9580, 6: armor is base64 between headers, with a checksum line that may be there. */
function toBinary(content: Buffer, what: string): Buffer {
  const text = content.toString('latin1');
  const armored =
    /-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:[A-Za-z]+: [^\n]*\n)*\r?\n([A-Za-z0-9+/=\s]*?)(?:\n=[A-Za-z0-9+/]{4}\s*)?-----END PGP PUBLIC KEY BLOCK-----/.exec(
      text,
    );
  const binary = armored?.[1] === undefined ? content : Buffer.from(armored[1].replaceAll(/\s/g, ''), 'base64');
  // RFC 9580, 4.2 and 5: a keyring begins with the header of a public-key packet (tag 6), in old or new format.
  const first = binary[0] ?? 0;
  const isKey = first === 0xc6 || (first & 0xfc) === 0x98;
  if (!isKey) throw new ArchiveWatchError('WATCH_KEYRING', `${what} is no OpenPGP keyring, binary or armored.`);
  return binary;
}
