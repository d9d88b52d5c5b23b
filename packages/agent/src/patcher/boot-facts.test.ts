import type { InstalledPackage } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { findNewerKernel, takesEffectAtBoot } from './boot-facts.ts';

function kernel(name: string, version: string): InstalledPackage {
  return { name, version, architecture: 'amd64', source: 'linux', sourceVersion: version, section: '', priority: '' };
}

const old = kernel('linux-image-6.1.0-18-amd64', '6.1.76-1');
const build = (version: string) =>
  `Linux version 6.1.0-18-amd64 (gcc) #1 SMP PREEMPT_DYNAMIC Debian ${version} (2024-02-01)`;

describe('findNewerKernel', () => {
  it.each([
    ['the only kernel', '6.1.0-18-amd64', '6.1.76-1', [old], null],
    [
      'a newer one beside it',
      '6.1.0-18-amd64',
      '6.1.76-1',
      [old, kernel('linux-image-6.1.0-22-amd64', '6.1.94-1')],
      '6.1.0-22-amd64',
    ],
    [
      'another flavour beside it',
      '6.1.0-18-amd64',
      '6.1.76-1',
      [old, kernel('linux-image-6.1.0-22-cloud-amd64', '6.1.94-1')],
      null,
    ],
    [
      'an older one beside it',
      '6.1.0-18-amd64',
      '6.1.76-1',
      [old, kernel('linux-image-6.1.0-9-amd64', '6.1.27-1')],
      null,
    ],
    ['a newer build of itself', '6.1.0-18-amd64', '6.1.69-1', [old], '6.1.76-1'],
    ['a kernel that no package brought', '5.15.0-custom', '6.1.76-1', [old], null],
  ])('sees %s', (_case, running, version, installed, expected) => {
    const reason = findNewerKernel(running, build(version), installed);
    if (expected === null) expect(reason).toBeNull();
    else expect(reason).toContain(expected);
  });
});

describe('takesEffectAtBoot', () => {
  it.each([
    ['linux-image-6.1.0-22-amd64', true],
    ['libc6', true],
    ['libc6-dev', false],
    ['openssl', false],
  ])('%s: %s', (name, expected) => {
    expect(takesEffectAtBoot(name)).toBe(expected);
  });
});
