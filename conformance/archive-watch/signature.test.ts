import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEgressClient } from '../../packages/server/src/egress/egress-client.ts';
import { createEgressPolicy } from '../../packages/server/src/egress/index.ts';
import { lookAtArchive } from '../../packages/server/src/patchbay/archive-watches/fetch-archive.ts';
import { createSignatureCheck } from '../../packages/server/src/patchbay/archive-watches/signature.ts';
import { debianSecurityRelease, startTestArchives, type TestArchives } from '../support/test-archive.ts';
import { createSigningKey, type TestSigningKey } from '../support/test-signing-key.ts';

const text = 'Origin: Debian\nSuite: stable\n';
const longAgo = (day: string) => ['--faked-system-time', `202401${day}T000000!`];

let key: TestSigningKey;
let stranger: TestSigningKey;
let old: TestSigningKey;
let archives: TestArchives<'security'>;

beforeAll(async () => {
  [key, stranger, old] = await Promise.all([
    createSigningKey('one'),
    createSigningKey('stranger'),
    createSigningKey('old', ...longAgo('01')),
  ]);
  archives = await startTestArchives({ security: debianSecurityRelease });
  await archives.archives.security.publish({ name: 'pb-one', version: '1.0-1', architecture: 'amd64' });
});

afterAll(async () => {
  await archives?.close();
  for (const each of [key, stranger, old]) await each?.close();
});

// A machine without gpgv, which apt of Debian 12 depends on, is one where it has another name.
describe.each([
  ['gpgv', { gpgv: 'gpgv', sqv: 'no-such-sqv' }],
  ['sqv', { gpgv: 'no-such-gpgv', sqv: 'sqv' }],
])('a signature that %s checks', (program, programs) => {
  const checkSignature = createSignatureCheck(programs);
  const check = async (content: string, signature: string, { keyring }: TestSigningKey) =>
    await checkSignature({ content: Buffer.from(content), signature: Buffer.from(signature), keyring });
  const says = (ofGpgv: RegExp, ofSqv: RegExp) => ({
    isValid: false,
    reason: expect.stringMatching(program === 'gpgv' ? ofGpgv : ofSqv),
  });

  it('is good where a key of the keyring made it', async () => {
    expect(await check(text, await key.detachSign(text), key)).toEqual({ isValid: true });
  });

  it('is good beside one of a stranger', async () => {
    const both = `${await stranger.detachSign(text)}${await key.detachSign(text)}`;
    // Two armored blocks are no signature file; their packets one after the other are.
    const packets = both
      .split('-----END PGP SIGNATURE-----')
      .slice(0, 2)
      .map((block) => Buffer.from(block.split('\n\n')[1]?.replace(/\n=.*/s, '') ?? '', 'base64'));
    const signature = Buffer.concat(packets);
    const { keyring } = key;
    expect(await checkSignature({ content: Buffer.from(text), signature, keyring })).toEqual({ isValid: true });
  });

  it('is bad over another content', async () => {
    const signature = await key.detachSign(text);
    expect(await check(`${text}Components: evil\n`, signature, key)).toEqual(
      says(/does not fit its content/, /^sqv says: Message has been manipulated$/),
    );
  });

  it('is bad by a key that is not in the keyring', async () => {
    expect(await check(text, await stranger.detachSign(text), key)).toEqual(
      says(/is not in the keyring/, /^sqv says: Missing key [0-9A-F]{40}, which is needed/),
    );
  });

  it('is bad when it has expired', async () => {
    const signature = await old.detachSign(text, ...longAgo('02'), '--default-sig-expire', '1d');
    expect(await check(text, signature, old)).toEqual(says(/has expired/, /^sqv says: Expired on 2024-01-03/));
  });

  it.each(['', 'no signature at all\n'])('is bad when it is none: %j', async (signature) => {
    expect(await check(text, signature, key)).toMatchObject({ isValid: false, reason: expect.stringMatching(/\w/) });
  });

  it('lets an archive be read from its InRelease file, and not one that was changed', async () => {
    const { security } = archives.archives;
    const look = () =>
      lookAtArchive(
        {
          uri: security.uri,
          suite: security.release.codename,
          components: ['main'],
          architectures: ['amd64'],
          keyring: archives.keyring,
          lastModified: null,
          release: null,
        },
        {
          egress: createEgressClient(createEgressPolicy(['127.0.0.1'])),
          checkSignature,
          now: new Date(),
          isKnown: () => Promise.resolve(false),
        },
      );
    expect(await look()).toMatchObject({ status: 'read', indexes: [{ stanzas: [{ name: 'pb-one' }] }] });
    for (const signature of ['unknown-key', 'corrupt'] as const) {
      await security.present({ signature });
      expect(await look()).toMatchObject({
        status: 'failed',
        problem: expect.stringMatching(/^InRelease is not signed as it should be: .*[^.]\.$/),
      });
    }
    await security.present({ signature: 'valid' });
  });
});

describe('a machine with neither gpgv nor sqv', () => {
  it('takes no signature, and says why', async () => {
    const checkSignature = createSignatureCheck({ gpgv: 'no-such-gpgv', sqv: 'no-such-sqv' });
    const signature = Buffer.from(await key.detachSign(text));
    expect(await checkSignature({ content: Buffer.from(text), signature, keyring: key.keyring })).toEqual({
      isValid: false,
      reason: 'the server has neither gpgv nor sqv to check it with',
    });
  });
});
