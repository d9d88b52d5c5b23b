import { describe, expect, it } from 'vitest';
import { compileWildcard, compileWildcards } from './wildcard.ts';

describe('compileWildcard', () => {
  it.each([
    ['openssl', 'openssl', true],
    ['openssl', 'openssl-doc', false],
    ['*', '', true],
    ['*', 'anything', true],
    ['**', 'anything', true],
    ['linux-*', 'linux-image-amd64', true],
    ['linux-*', 'linux', false],
    ['*-dev', 'libc6-dev', true],
    ['*-dev', 'libc6-dev-bin', false],
    ['lib*ssl*dev', 'libssl-dev', true],
    ['lib*ssl*dev', 'libcrypt-dev', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['python3.11', 'python3x11', false],
    ['a*b*b', 'ab', false],
  ])('matches %j against %j as %j', (pattern, text, expected) => {
    expect(compileWildcard(pattern)(text)).toBe(expected);
  });

  it('compares without case where that is asked for', () => {
    expect(compileWildcard('Optional', { ignoreCase: true })('optional')).toBe(true);
    expect(compileWildcard('Opt*', { ignoreCase: true })('OPTIONAL')).toBe(true);
    expect(compileWildcard('Optional')('optional')).toBe(false);
  });

  it('answers at once to a pattern of many stars', () => {
    expect(compileWildcard('*a'.repeat(50) + 'b')('a'.repeat(10_000))).toBe(false);
  });
});

describe('compileWildcards', () => {
  it('matches when any pattern does', () => {
    expect(compileWildcards(['bash', 'zsh'])('zsh')).toBe(true);
    expect(compileWildcards(['bash', 'z*'])('zsh')).toBe(true);
    expect(compileWildcards(['bash', 'z*'])('dash')).toBe(false);
    expect(compileWildcards([])('bash')).toBe(false);
  });
});
