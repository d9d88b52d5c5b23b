import type { InstalledPackage } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { createRecordingMachine } from '../test-support/recording-machine.ts';
import { findOtherPatchers } from './other-patchers.ts';

function installed(...names: string[]): { packages: InstalledPackage[] } {
  const rest = { version: '1', architecture: 'all', source: 's', sourceVersion: '1', section: '', priority: '' };
  return { packages: names.map((name) => ({ name, ...rest })) };
}

const commandLines = new Map([
  ['10', '/usr/bin/python3\0/usr/share/unattended-upgrades/unattended-upgrade-shutdown\0--wait-for-signal\0'],
  ['11', '/usr/bin/python3\0/usr/bin/unattended-upgrade\0'],
  ['12', '/bin/sh\0/usr/lib/apt/apt.systemd.daily\0install\0'],
  ['13', 'vi\0/etc/apt/apt.conf.d/50unattended-upgrades.save\0'],
]);

const machine = {
  ...createRecordingMachine(),
  listDirectory: async () => [...commandLines.keys(), 'self'],
  readFile: async (path: string) => Buffer.from(commandLines.get(path.split('/')[2] ?? '') ?? ''),
};
const quiet = createRecordingMachine();

describe('findOtherPatchers', () => {
  it('names unattended-upgrades where it is installed and enabled, and only there', async () => {
    expect(await findOtherPatchers(quiet, { installed: installed('bash'), upgradesDaily: true })).toEqual([]);
    const both = { installed: installed('unattended-upgrades') };
    expect(await findOtherPatchers(quiet, { ...both, upgradesDaily: false })).toEqual([]);
    expect(await findOtherPatchers(quiet, { ...both, upgradesDaily: true })).toEqual([
      expect.stringContaining('unattended-upgrades is enabled'),
    ]);
  });

  it('names who installs right now, and not who only waits for the shutdown', async () => {
    const found = await findOtherPatchers(machine, { installed: installed(), upgradesDaily: false });
    expect(found).toEqual([
      'process 11 installs updates right now (/usr/bin/python3 /usr/bin/unattended-upgrade)',
      'process 12 installs updates right now (/bin/sh /usr/lib/apt/apt.systemd.daily install)',
    ]);
  });

  it('knows other programs by their packages', async () => {
    expect(await findOtherPatchers(quiet, { installed: installed('cron-apt'), upgradesDaily: false })).toHaveLength(1);
  });
});
