import { parsePreferences } from '@patchbay/package-managers';
import { describe, expect, it } from 'vitest';
import { isBlocked, writeBlockedPreferences } from './blocked-preferences.ts';

describe('isBlocked', () => {
  it.each([
    ['bash', 'bash', 'amd64', true],
    ['bash', 'bash-doc', 'all', false],
    ['bash.amd64', 'bash', 'amd64', true],
    ['bash.i386', 'bash', 'amd64', false],
    ['linux-*', 'linux-image-6.1', 'amd64', true],
    ['*', 'anything', 'all', true],
    ['lib*ssl*', 'libssl3', 'amd64', true],
    ['lib*ssl*', 'libtls', 'amd64', false],
    ['a*a', 'a', 'amd64', false],
    ['g++*', 'g++-12', 'amd64', true],
    ['*.i386', 'libc6', 'i386', true],
  ])('%s and %s.%s: %s', (entry, name, architecture, expected) => {
    expect(isBlocked([entry], name, architecture)).toBe(expected);
  });
});

describe('writeBlockedPreferences', () => {
  it('keeps what is installed and lets nothing else in', () => {
    const pins = parsePreferences(writeBlockedPreferences(['bash', 'linux-*.amd64']), 'ours');
    expect(pins.map(({ packages, pin, priority }) => `${packages} ${pin} ${priority}`)).toEqual([
      'bash:any release a=now 990',
      'bash:any version * -1',
      'linux-*.amd64:any release a=now 990',
      'linux-*.amd64:any version * -1',
      'linux-*:amd64 release a=now 990',
      'linux-*:amd64 version * -1',
    ]);
  });

  it('writes nothing that could be another stanza', () => {
    expect(writeBlockedPreferences(['x\nPin-Priority: 1001'])).toBe('');
  });
});
