import type { InstalledPackage } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import type { Machine } from '../machine/index.ts';
import { createRecordingMachine } from '../test-support/recording-machine.ts';
import { findNewerKernel, parseFileOwners, readBootFacts } from './boot-facts.ts';

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
    const found = findNewerKernel(running, build(version), installed);
    if (expected === null) expect(found).toBeNull();
    else expect(found?.reason).toContain(expected);
  });
});

describe('readBootFacts', () => {
  const files: Readonly<Record<string, string>> = {
    '/proc/sys/kernel/osrelease': '6.1.0-18-amd64\n',
    '/proc/version': build('6.1.76-1'),
    '/run/reboot-required': '',
    '/run/reboot-required.pkgs': 'dbus\nlibgone\ndbus\n',
  };
  const host: Machine = {
    ...createRecordingMachine(),
    readFile: async (path) => (files[path] === undefined ? null : Buffer.from(files[path])),
    stat: async (path) =>
      files[path] === undefined ? null : { kind: 'file', modifiedAtMs: 0, sizeBytes: 0, inode: 1 },
  };
  const newer = kernel('linux-image-6.1.0-22-amd64', '6.1.94-1');
  const dbus = kernel('dbus', '1.14.10-1');

  it('names the packages that wait for a boot, whoever installed them', async () => {
    const { awaitingBoot, rebootReasons } = await readBootFacts(host, [dbus, old, newer]);
    expect(awaitingBoot).toEqual([
      { name: 'dbus', architecture: 'amd64' },
      { name: newer.name, architecture: 'amd64' },
    ]);
    expect(rebootReasons).toHaveLength(2);
  });

  it('names what process 1 runs of files that were replaced, and the packages these came from', async () => {
    const asked = { ...host, stat: async () => null };
    const machine: Machine = {
      ...asked,
      run: async (command) => ({
        ...(await host.run(command)),
        exitCode: 1,
        stdout: 'dbus, libssl3:amd64: /usr/lib/x86_64-linux-gnu/libcrypto.so.3\n',
      }),
    };
    const files = ['/usr/lib/x86_64-linux-gnu/libcrypto.so.3'];
    const facts = await readBootFacts(machine, [dbus], [{ pid: 1, name: 'systemd', unit: null, files }]);
    expect(facts.rebootReasons).toEqual([`Process 1 runs files that were replaced: ${files[0]}`]);
    expect(facts.awaitingBoot).toEqual([{ name: 'dbus', architecture: 'amd64' }]);
  });

  it('never has anything in a root file system wait for a boot', async () => {
    const facts = await readBootFacts({ ...host, kind: 'root-directory' }, [dbus, old, newer]);
    expect(facts).toMatchObject({ awaitingBoot: [], rebootReasons: [] });
  });
});

describe('parseFileOwners', () => {
  it('reads what dpkg-query says, without diversions', () => {
    const output = `diversion by dash from: /bin/sh
libc6:amd64, libc6:i386: /usr/lib/x86_64-linux-gnu/libc.so.6
systemd: /lib/systemd/systemd
`;
    expect(parseFileOwners(output)).toEqual(['libc6', 'systemd']);
  });
});
