import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTool } from './run-tool.ts';

/** A key of its own in a GnuPG home of its own. */
export interface TestSigningKey {
  /** The public key as apt's Signed-By wants it, binary. */
  readonly keyring: Uint8Array;
  clearSign(text: string): Promise<string>;
  /** A signature apart, armored; with GnuPG's own options where something is to be odd about it. */
  detachSign(text: string, ...options: string[]): Promise<string>;
  close(): Promise<void>;
}

/** The options are GnuPG's, for the making of the key. */
export async function createSigningKey(owner: string, ...options: string[]): Promise<TestSigningKey> {
  // Short, because GnuPG's agent listens on a socket in here and socket paths end at 107 characters (unix(7)).
  const home = await mkdtemp(join(tmpdir(), 'gpg-'));
  const gpg = ['gpg', '--homedir', home, '--batch', '--quiet', '--no-tty'] as const;
  await runTool([
    ...gpg,
    ...options,
    '--passphrase',
    '',
    '--quick-generate-key',
    `${owner} <${owner}@example.invalid>`,
    'ed25519',
    'sign',
    'never',
  ]);
  const exported = join(home, 'public.gpg');
  await runTool([...gpg, '--output', exported, '--export']);
  const keyring = await readFile(exported);
  return {
    keyring,
    clearSign: (text) => runTool([...gpg, '--digest-algo', 'SHA512', '--clear-sign'], text),
    detachSign: (text, ...more) =>
      runTool([...gpg, ...more, '--digest-algo', 'SHA512', '--armor', '--detach-sign'], text),
    async close() {
      await runTool(['gpgconf', '--homedir', home, '--kill', 'all']);
      await rm(home, { recursive: true, force: true });
    },
  };
}
