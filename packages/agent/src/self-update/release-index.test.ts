import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { choosePackage, type ReleasedPackage, readReleaseIndex } from './release-index.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const key = { keyId: 'k', publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64') };
const digest = 'a'.repeat(64);
const text = `${digest}  patchbay-agent_1.2.0_amd64.deb\n${digest}  patchbay-agent_1.10.0_arm64.deb\n${digest}  notes.txt\n`;
const signText = (signed: string) => sign(null, Buffer.from(signed), privateKey).toString('base64');

describe('the list of released packages', () => {
  it('names packages with version, architecture and digest, and passes over other files', () => {
    expect(readReleaseIndex(Buffer.from(text), signText(text), key)).toEqual([
      { fileName: 'patchbay-agent_1.2.0_amd64.deb', version: '1.2.0', architecture: 'amd64', sha256: digest },
      { fileName: 'patchbay-agent_1.10.0_arm64.deb', version: '1.10.0', architecture: 'arm64', sha256: digest },
    ]);
  });

  it.each(['', 'AAAA', signText(`${text} `)])('is refused with the signature %j', (signature) => {
    expect(() => readReleaseIndex(Buffer.from(text), signature, key)).toThrowError(
      expect.objectContaining({ code: 'NOT_SIGNED' }),
    );
  });

  it('has no names that lead elsewhere', () => {
    const odd = `${digest}  ../patchbay-agent_1.2.0_amd64.deb\n`;
    expect(readReleaseIndex(Buffer.from(odd), signText(odd), key)).toEqual([]);
  });
});

describe('the version to install', () => {
  const released = (version: string, architecture = 'amd64'): ReleasedPackage => ({
    fileName: `patchbay-agent_${version}_${architecture}.deb`,
    version,
    architecture,
    sha256: digest,
  });
  const index = ['1.9.0', '1.10.0', '1.2.0'].map((version) => released(version)).concat(released('2.0.0', 'arm64'));
  const choose = (installed: string, version = '', allowDowngrade = false) =>
    choosePackage(index, { installed, version, allowDowngrade, architecture: 'amd64' })?.version;

  it('is the newest of this architecture where none is named', () => {
    expect(choose('1.2.0')).toBe('1.10.0');
  });

  it('is nothing where it is in place, served or not', () => {
    expect(choose('1.10.0')).toBeUndefined();
    expect(choose('1.3.0', '1.3.0')).toBeUndefined();
  });

  it('is the named one', () => {
    expect(choose('1.2.0', '1.9.0')).toBe('1.9.0');
    expect(() => choose('1.2.0', '1.9.1')).toThrowError(expect.objectContaining({ code: 'NOT_SERVED' }));
  });

  it('is older only where that was allowed', () => {
    expect(() => choose('1.10.0', '1.9.0')).toThrowError(expect.objectContaining({ code: 'DOWNGRADE' }));
    expect(() => choose('3.0.0')).toThrowError(expect.objectContaining({ code: 'DOWNGRADE' }));
    expect(choose('1.10.0', '1.9.0', true)).toBe('1.9.0');
  });
});
