import { describe, expect, it } from 'vitest';
import { foreseeReboot, takesEffectAtBoot } from './foresee-reboot.ts';

const host = { bootId: 'boot', rebootReasons: [] };
const to = (name: string) => ({ name, toVersion: '2' });

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

describe('foreseeReboot', () => {
  it('expects one for the kernel and the C library, each with its reason', () => {
    expect(foreseeReboot([to('linux-image-amd64'), to('libc6'), to('curl')], host)).toEqual({
      isExpected: true,
      reasons: [
        'linux-image-amd64 2 replaces the kernel that runs.',
        'libc6 2 replaces the C library that every process runs.',
      ],
    });
  });

  it('names one that is due already', () => {
    const due = { ...host, rebootReasons: ['/run/reboot-required is there'] };
    expect(foreseeReboot([to('curl')], due)).toEqual({
      isExpected: true,
      reasons: ['One is due already: /run/reboot-required is there.'],
    });
  });

  it('says that a package may still ask for one', () => {
    expect(foreseeReboot([to('curl')], host)).toMatchObject({
      isExpected: false,
      reasons: [expect.stringMatching(/may still ask/)],
    });
  });

  it('expects none of a root file system', () => {
    expect(foreseeReboot([to('libc6')], { ...host, bootId: '' }).isExpected).toBe(false);
  });
});
