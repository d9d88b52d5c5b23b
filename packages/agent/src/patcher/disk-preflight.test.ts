import type { SimulatedChange } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { createRecordingMachine } from '../test-support/recording-machine.ts';
import { describeShortage, findDiskShortage, findRoomNeeds } from './disk-preflight.ts';

const megabyte = 1_000_000;

function change(name: string, action: 'upgrade' | 'install', sizeBytes = 0): SimulatedChange {
  return {
    name,
    architecture: 'amd64',
    action,
    fromVersion: action === 'install' ? null : '1',
    toVersion: '2',
    origins: '',
    filename: '',
    sizeBytes,
    sha256: '',
    archive: '',
    indexDigest: '',
  };
}

const planOf = (changes: SimulatedChange[], downloadBytes = 0, diskBytes = 0) => ({
  groups: [{ targets: [], changes }],
  downloadBytes,
  diskBytes,
});
const boot = { kernelBytes: 10 * megabyte, initramfsBytes: 50 * megabyte };
const bootNeed = (changes: SimulatedChange[]) =>
  findRoomNeeds(planOf(changes), '/work', boot).find(({ path }) => path === '/boot')?.bytes;

describe('findRoomNeeds', () => {
  it('counts the download, what is added, and the largest package unpacked beside its old files', () => {
    const plan = planOf([change('a', 'upgrade', 5 * megabyte), change('b', 'upgrade', 2 * megabyte)], 7_000_000, 1_000);
    expect(findRoomNeeds(plan, '/work', null)).toMatchObject([
      { path: '/work', bytes: 7_000_000 },
      { path: '/usr', bytes: 1_000 + 20 * megabyte },
      { path: '/', bytes: 0 },
      { path: '/var', bytes: 0 },
    ]);
  });

  it('counts kernels and the initramfs on /boot by what is there', () => {
    expect(bootNeed([change('linux-image-6.1.0-22-amd64', 'install')])).toBe(110 * megabyte);
    expect(bootNeed([change('linux-image-6.1.0-18-amd64', 'upgrade')])).toBe(50 * megabyte);
    expect(bootNeed([change('intel-microcode', 'upgrade')])).toBe(50 * megabyte);
    expect(bootNeed([change('bash', 'upgrade')])).toBeUndefined();
  });
});

describe('describeShortage', () => {
  const needs = findRoomNeeds(planOf([], 100 * megabyte, 200 * megabyte), '/work', null);
  const onOne = (freeBytes: number) => ['/', '/usr', '/var', '/work'].map((path) => ({ path, device: '1', freeBytes }));

  it('adds up what comes onto one file system', () => {
    expect(describeShortage(onOne(400 * megabyte), needs)).toBeNull();
    expect(describeShortage(onOne(350 * megabyte), needs)).toBe(
      '18 MB are missing on /work, /usr: 368 MB are needed (100 MB for packages to fetch, 200 MB for packages to unpack, 68 MB to spare) and 350 MB are free',
    );
  });

  it('names each file system that is too small', () => {
    const rooms = [...onOne(900 * megabyte).slice(0, 3), { path: '/work', device: '2', freeBytes: 10 }];
    expect(describeShortage(rooms, needs)).toMatch(/^168 MB are missing on \/work: /);
  });

  it('passes over places that nobody can look at', () => {
    expect(describeShortage([], needs)).toBeNull();
  });
});

describe('findDiskShortage', () => {
  it('reads df and stat, also where a path does not exist', async () => {
    const machine = createRecordingMachine((_script, { argv }) =>
      argv[0] === 'df'
        ? { exitCode: 1, stdout: '     Avail File\n 1000 /\n 1000 /usr\n 1000 /var\n 2000000000 /work\n' }
        : { exitCode: 1, stdout: '26 /\n26 /usr\n26 /var\n27 /work\n' },
    );
    expect(await findDiskShortage(machine, planOf([], 5, 5))).toMatch(/missing on \/usr: 68 MB are needed/);
  });
});
