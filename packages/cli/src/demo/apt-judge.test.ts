import { describe, expect, it } from 'vitest';
import { readAptPlan } from './apt-judge.ts';

describe('the lines of apt-get -s upgrade', () => {
  it('are upgrades, with their old version, and newly installed packages', () => {
    const output = `The following packages will be upgraded:
  libssl3
Inst perl-base [5.36.0-7+deb12u3] (5.36.0-7+deb12u4 Debian-Security:12/oldstable-security [amd64]) []
Inst apparmor (3.0.8-3 Debian:12.15/oldstable [amd64])
Inst libssl3 [3.0.20-1] (3.0.22-1 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64])
Conf libssl3 (3.0.22-1 Debian:12.15/oldstable [amd64])`;
    expect(readAptPlan(output)).toEqual([
      {
        name: 'perl-base',
        fromVersion: '5.36.0-7+deb12u3',
        toVersion: '5.36.0-7+deb12u4',
        archives: ['Debian-Security:12/oldstable-security'],
      },
      { name: 'apparmor', fromVersion: null, toVersion: '3.0.8-3', archives: ['Debian:12.15/oldstable'] },
      {
        name: 'libssl3',
        fromVersion: '3.0.20-1',
        toVersion: '3.0.22-1',
        archives: ['Debian:12.15/oldstable', 'Debian-Security:12/oldstable-security'],
      },
    ]);
  });

  it('are never skipped when they look otherwise', () => {
    expect(() => readAptPlan('Inst something odd')).toThrow('nobody expected');
  });
});
