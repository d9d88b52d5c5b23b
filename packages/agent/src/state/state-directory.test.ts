import { chmodSync, chownSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makePrivateDirectory } from '../test-support/private-directory.ts';
import { readIdentity, writeIdentity } from './identity.ts';
import { readProcessIdentity } from './process-identity.ts';
import { openStateDirectory } from './state-directory.ts';
import { lockState } from './state-lock.ts';

describe('a state directory', () => {
  it('is made private when it is missing', () => {
    const path = join(makePrivateDirectory(), 'a', 'b');
    expect(openStateDirectory(path).path).toBe(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it.each([0o750, 0o701, 0o777])('is refused when others may enter it (mode %o)', (mode) => {
    const path = makePrivateDirectory();
    chmodSync(path, mode);
    expect(() => openStateDirectory(path)).toThrow(expect.objectContaining({ code: 'STATE_NOT_PRIVATE' }));
  });

  it.runIf(process.getuid?.() === 0)('is refused when it belongs to somebody else', () => {
    const path = join(makePrivateDirectory(), 'state');
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, 65_534, 65_534);
    expect(() => openStateDirectory(path)).toThrow(expect.objectContaining({ code: 'STATE_FOREIGN' }));
  });
});

describe('an identity', () => {
  const identity = {
    instanceId: 'mi-0123456789abcdef0',
    fingerprint: '6f2f1c1e-6f0c-4b0e-9d7c-0d6a5a5c1f11',
    privateKeyPem: 'pem',
    endpoint: 'http://127.0.0.1:8480',
    region: 'us-east-1',
    rootDirectory: null,
    signingKey: null,
    caCertificate: null,
    releaseKey: null,
    enrolledAt: '2026-11-22T10:00:00.000Z',
  };

  it('is read as it was written, by its owner only', () => {
    const state = openStateDirectory(makePrivateDirectory());
    expect(readIdentity(state)).toBeNull();
    writeIdentity(state, identity);
    expect(readIdentity(state)).toEqual(identity);
    expect(statSync(state.identityFile).mode & 0o777).toBe(0o600);
  });

  it.each(['', '{', '{"instanceId":"mi-1"}'])('that is damaged is an error and no new node: %j', (text) => {
    const state = openStateDirectory(makePrivateDirectory());
    writeFileSync(state.identityFile, text);
    expect(() => readIdentity(state)).toThrow(expect.objectContaining({ code: 'STATE_DAMAGED' }));
  });
});

describe('the lock of a state directory', () => {
  it('keeps a second agent out until it is released', () => {
    const path = makePrivateDirectory();
    const lock = lockState(path);
    expect(() => lockState(path)).toThrow(expect.objectContaining({ code: 'STATE_IN_USE' }));
    lock.release();
    lockState(path).release();
    expect(existsSync(join(path, 'lock'))).toBe(false);
  });

  const own = readProcessIdentity(process.pid);
  it.each([
    ['a process that is gone', { ...own, pid: 2 ** 22 + 1 }],
    ['an earlier process with our pid', { ...own, startTicks: '1' }],
    ['a process of an earlier boot', { ...own, bootId: 'earlier' }],
    ['nobody, being damaged', 'x'],
  ])('is taken over from %s', (_case, holder) => {
    const path = makePrivateDirectory();
    writeFileSync(join(path, 'lock'), JSON.stringify(holder));
    const lock = lockState(path);
    expect(() => lockState(path)).toThrow(expect.objectContaining({ code: 'STATE_IN_USE' }));
    lock.release();
  });
});
