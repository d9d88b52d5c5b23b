import type { NodeOverlay } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { describeOverlay } from './describe-overlay.ts';

const plain: NodeOverlay = {
  agentClock: '2026-11-20T00:00:00.000Z',
  bootId: 'b',
  machineIdHash: '',
  runningKernel: '6.1.0-18-amd64',
  rebootReasons: [],
  pendingReboot: [],
  failures: [],
  unconfigured: [],
  phased: [],
};

describe('describeOverlay', () => {
  it('says nothing where there is nothing to say, or an older agent did not look', () => {
    expect(describeOverlay(plain)).toEqual([]);
    const quiet = { failedUnits: [], replacedFileUses: [], otherPatchers: [], clockAheadSeconds: 2 };
    expect(describeOverlay({ ...plain, ...quiet })).toEqual([]);
  });

  it('says everything that a person would look for', () => {
    const lines = describeOverlay({
      ...plain,
      rebootReasons: ['/run/reboot-required is there (libc6)'],
      pendingReboot: [{ name: 'libc6', architecture: 'amd64' }],
      failedUnits: ['data.mount'],
      replacedFileUses: [
        { unit: 'ssh.service', processes: [{ pid: 7, name: 'sshd' }], files: ['/usr/sbin/sshd'] },
        { unit: null, processes: [{ pid: 8, name: 'vim' }], files: ['/usr/bin/vim'] },
      ],
      otherPatchers: ['unattended-upgrades is enabled'],
      clockAheadSeconds: -600,
      endOfSupport: { standard: '2026-06-10', longTerm: '2028-06-30', extended: null, source: 'debian.csv' },
    });
    expect(lines).toEqual([
      'a reboot is due: /run/reboot-required is there (libc6)',
      'installed and waiting for a reboot: libc6',
      'still runs replaced files: ssh.service: /usr/sbin/sshd',
      'still runs replaced files: vim (8): /usr/bin/vim',
      'failed units: data.mount',
      'another patcher is active: unattended-upgrades is enabled',
      "its clock is 600 seconds behind the control plane's",
      'support ends 2026-06-10, long-term 2028-06-30 (debian.csv)',
    ]);
  });
});
