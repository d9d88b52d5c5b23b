import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makePrivateDirectory } from '../test-support/private-directory.ts';
import { type ExecutionPolicy, explainForbiddenDocument, readNodePolicy } from './node-policy-file.ts';

const isRoot = process.getuid?.() === 0;
const patchOnly = { mode: 'patch-only', documents: [] };

function writePolicy(content: unknown, mode = 0o644): string {
  const directory = join(makePrivateDirectory(), 'patchbay');
  mkdirSync(directory, { mode: 0o755 });
  const path = join(directory, 'policy.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  chmodSync(path, mode);
  return path;
}

describe.runIf(isRoot)('the policy file of a node', () => {
  it('is patch-only where there is none', () => {
    expect(readNodePolicy('/nonexistent/patchbay/policy.json')).toEqual({
      policy: patchOnly,
      isFilePresent: false,
      problem: null,
    });
  });

  it.each<ExecutionPolicy>([
    { mode: 'full', documents: [] },
    { mode: 'patch-only', documents: [] },
    { mode: 'documents', documents: ['AWS-RunShellScript'] },
  ])('is followed when only root can write it: $mode', (policy) => {
    expect(readNodePolicy(writePolicy(policy))).toEqual({ policy, isFilePresent: true, problem: null });
  });

  it.each([
    ['no JSON', '{', /cannot be read/],
    ['an unknown mode', { mode: 'everything' }, /is not a policy/],
    ['an unknown member', { mode: 'full', document: [] }, /is not a policy/],
  ])('counts as patch-only with %s, and says so', (_case, content, problem) => {
    const reading = readNodePolicy(writePolicy(content));
    expect(reading.policy).toEqual(patchOnly);
    expect(reading.problem).toMatch(problem);
  });

  it.each([0o664, 0o646])('is not followed when others can write it (mode %o)', (mode) => {
    const reading = readNodePolicy(writePolicy({ mode: 'full' }, mode));
    expect(reading.policy).toEqual(patchOnly);
    expect(reading.problem).toMatch(/written by others/);
  });

  it('is not followed when it belongs to another user', () => {
    const path = writePolicy({ mode: 'full' });
    chownSync(path, 65_534, 0);
    expect(readNodePolicy(path)).toMatchObject({ policy: patchOnly, problem: expect.stringMatching(/not to root/) });
  });

  it('is not followed when others can replace it in its directory', () => {
    const path = writePolicy({ mode: 'full' });
    chmodSync(join(path, '..'), 0o777);
    expect(readNodePolicy(path).policy).toEqual(patchOnly);
  });

  it('is not followed through a symlink', () => {
    const path = writePolicy({ mode: 'full' });
    const link = join(path, '..', 'link.json');
    symlinkSync(path, link);
    expect(readNodePolicy(link)).toMatchObject({ policy: patchOnly, problem: expect.stringMatching(/regular file/) });
  });
});

describe('documents that a policy allows', () => {
  it.each<[ExecutionPolicy, string, boolean]>([
    [{ mode: 'patch-only', documents: [] }, 'AWS-RunShellScript', false],
    [{ mode: 'patch-only', documents: ['AWS-RunShellScript'] }, 'AWS-RunShellScript', false],
    [{ mode: 'documents', documents: ['AWS-RunShellScript'] }, 'AWS-RunShellScript', true],
    [{ mode: 'documents', documents: ['AWS-RunShellScript'] }, 'Mine', false],
    [{ mode: 'full', documents: [] }, 'Mine', true],
  ])('%j lets %s run: %s', (policy, name, isAllowed) => {
    const reading = { policy, isFilePresent: true, problem: null };
    const reason = explainForbiddenDocument(reading, name, '/etc/patchbay/policy.json');
    expect(reason === null).toBe(isAllowed);
    if (!isAllowed) expect(reason).toContain('/etc/patchbay/policy.json');
  });

  it.each([
    [{ isFilePresent: false, problem: null }, /it has no policy file/],
    [{ isFilePresent: true, problem: 'others can write it' }, /not followed \(others can write it\)/],
  ])('are none but patching with %j, and the refusal says why', (reading, reason) => {
    const whole = { ...reading, policy: { mode: 'patch-only' as const, documents: [] } };
    expect(explainForbiddenDocument(whole, 'Mine', '/etc/patchbay/policy.json')).toMatch(reason);
  });
});
