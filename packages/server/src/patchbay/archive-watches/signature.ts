import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProgramOutput, runProgram } from '../../processes/run-program.ts';

/** Whether a detached signature over some bytes is one by a key of a keyring; otherwise why not. */
export type CheckSignature = (signed: {
  readonly content: Uint8Array;
  readonly signature: Uint8Array;
  /** Binary. */
  readonly keyring: Uint8Array;
}) => Promise<{ readonly isValid: true } | { readonly isValid: false; readonly reason: string }>;

const bounds = { limitBytes: 65_536, timeoutSeconds: 30 };

/** How the programs are called; a path where it is no name. */
export interface SignaturePrograms {
  readonly gpgv: string;
  readonly sqv: string;
}

/** Asks gpgv, and sqv on systems that have no gpgv (Debian 13 and later bring that for apt). */
export function createSignatureCheck({ gpgv, sqv }: SignaturePrograms): CheckSignature {
  return async ({ content, signature, keyring }) => {
    const folder = await mkdtemp(join(tmpdir(), 'patchbay-signature-'));
    try {
      const [contentFile, signatureFile, keyringFile] = [
        join(folder, 'content'),
        join(folder, 'signature.asc'),
        join(folder, 'keyring.gpg'),
      ] as const;
      await Promise.all([
        writeFile(contentFile, content, { mode: 0o600 }),
        writeFile(signatureFile, signature, { mode: 0o600 }),
        writeFile(keyringFile, keyring, { mode: 0o600 }),
      ]);
      const keyed = ['--keyring', keyringFile, signatureFile, contentFile] as const;
      const asked = await runProgram([gpgv, '--status-fd', '1', ...keyed], bounds);
      if (asked.exitCode !== 127) return judgeGpgv(asked);
      const fallback = await runProgram([sqv, ...keyed], bounds);
      if (fallback.exitCode !== 127) return judgeSqv(fallback);
      return { isValid: false, reason: 'the server has neither gpgv nor sqv to check it with' };
    } finally {
      await rm(folder, { recursive: true });
    }
  };
}

export const checkSignature: CheckSignature = createSignatureCheck({ gpgv: 'gpgv', sqv: 'sqv' });

/**
 * sqv(1) has no other answer than its exit status: 0 where at least one signature is good. Unlike gpgv it takes one that
 * was made before its key expired.
 */
function judgeSqv({ exitCode, stderr }: ProgramOutput): Awaited<ReturnType<CheckSignature>> {
  if (exitCode === 0) return { isValid: true };
  const words = stderr.replaceAll(/\s+/g, ' ').replace('Verifying signature: ', '').trim().replace(/\.$/, '');
  return { isValid: false, reason: words === '' ? 'sqv does not accept it' : `sqv says: ${words}` };
}

/** Numbers of RFC 9580, 9.5: MD5, SHA-1 and RIPEMD-160 prove nothing any more. */
const weakHashes = new Set(['1', '2', '3']);

/**
 * Reads gpgv's status lines (doc/DETAILS of GnuPG). One good signature is enough, as for apt: an archive that changes keys
 * signs with both. A signature that does not fit the content makes all of it bad.
 */
function judgeGpgv({ stdout }: ProgramOutput): Awaited<ReturnType<CheckSignature>> {
  const words = stdout
    .toString('utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith('[GNUPG:] ') ? [line.slice(9).split(' ')] : []));
  let isGood = false;
  let isAccepted = false;
  let reason = 'nobody signed it';
  for (const [word, ...details] of words) {
    switch (word) {
      case 'NEWSIG':
        isGood = false;
        break;
      case 'GOODSIG':
        isGood = true;
        break;
      case 'VALIDSIG':
        // VALIDSIG also follows EXPSIG, EXPKEYSIG and REVKEYSIG; its eighth value is the hash algorithm.
        if (isGood && !weakHashes.has(details[7] ?? '')) isAccepted = true;
        else if (isGood) reason = 'its signature uses a hash that is broken';
        break;
      case 'BADSIG':
        return { isValid: false, reason: `its signature by ${details[0]} does not fit its content` };
      case 'EXPSIG':
      case 'EXPKEYSIG':
        reason = `its signature by ${details[0]} or the key has expired`;
        break;
      case 'REVKEYSIG':
        reason = `its key ${details[0]} was revoked`;
        break;
      case 'NO_PUBKEY':
        reason = `the key ${details[0]} that signed it is not in the keyring`;
        break;
      default:
    }
  }
  return isAccepted ? { isValid: true } : { isValid: false, reason };
}
