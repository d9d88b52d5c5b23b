import type { Plan, SimulatedChange } from '@patchbay/facts';
import { commandEnvironment } from '@patchbay/package-managers';
import type { Machine } from '../machine/index.ts';

/** Room that is left beside what the package manager says it needs: its figures are rounded, and logs grow. */
const spareBytes = 64 * 1024 * 1024;
/** dpkg unpacks a package beside the files that it replaces; xz and zstd make files of a package this much smaller. */
const unpackedPerDownloaded = 4;
/** Debian's kernels with an initramfs of `MODULES=most`, where none is installed to go by. */
const usualKernelBytes = 16 * 1024 * 1024;
const usualInitramfsBytes = 64 * 1024 * 1024;

/** One file system of a machine and what it has left. */
export interface FileSystemRoom {
  /** The same for paths on the same file system. */
  readonly device: string;
  readonly path: string;
  readonly freeBytes: number;
}

/** Room that a plan needs at a path. */
export interface RoomNeed {
  readonly path: string;
  readonly bytes: number;
  readonly what: string;
}

/** What is in /boot of each kernel, for the size of the next one. */
export interface BootFiles {
  readonly kernelBytes: number;
  readonly initramfsBytes: number;
}

/** Packages whose installation makes the initramfs anew, beside kernels (initramfs-tools(7), triggers). */
const remakesInitramfs =
  /^(?:initramfs-tools(?:-core)?|dracut|busybox|udev|systemd|lvm2|mdadm|cryptsetup-initramfs|plymouth|kmod|.*-microcode|firmware-.*|linux-image-.*)$/;

/** What a plan needs, place by place. `boot` is null where the machine has no initramfs, as images often have not. */
export function findRoomNeeds(
  plan: Pick<Plan, 'groups' | 'downloadBytes' | 'diskBytes'>,
  downloadPath: string,
  boot: BootFiles | null,
): RoomNeed[] {
  const changes = plan.groups.flatMap((group) => group.changes);
  const largest = Math.max(0, ...changes.map(({ sizeBytes }) => sizeBytes));
  const installed = Math.max(0, plan.diskBytes) + largest * unpackedPerDownloaded;
  return [
    { path: downloadPath, bytes: plan.downloadBytes, what: 'packages to fetch' },
    { path: '/usr', bytes: installed, what: 'packages to unpack' },
    ...['/', '/var'].map((path) => ({ path, bytes: 0, what: 'logs and package status' })),
    ...(boot === null ? [] : bootNeeds(changes, boot)),
  ];
}

function bootNeeds(changes: readonly SimulatedChange[], { kernelBytes, initramfsBytes }: BootFiles): RoomNeed[] {
  const kernels = changes.filter(({ name, action }) => /^linux-image-\d/.test(name) && action === 'install').length;
  // A new initramfs is written beside the old one; of several they are made one after another.
  const isRemade = changes.some(({ name, action }) => action !== 'remove' && remakesInitramfs.test(name));
  const bytes = kernels * (kernelBytes + initramfsBytes) + (isRemade ? initramfsBytes : 0);
  if (bytes === 0) return [];
  return [
    { path: '/boot', bytes, what: kernels === 0 ? 'a new initramfs' : `${kernels} kernels with their initramfs` },
  ];
}

/** What is missing where, in words; null when there is room for everything. Needs on one file system add up. */
export function describeShortage(rooms: readonly FileSystemRoom[], needs: readonly RoomNeed[]): string | null {
  const byDevice = Map.groupBy(needs, ({ path }) => rooms.find((room) => room.path === path)?.device ?? '');
  const shortages = [...byDevice].flatMap(([device, wanted]) => {
    const room = rooms.find((one) => one.device === device);
    if (room === undefined || device === '') return [];
    const bytes = wanted.reduce((sum, need) => sum + need.bytes, 0) + spareBytes;
    if (bytes <= room.freeBytes) return [];
    const shown = wanted.filter((need) => need.bytes > 0);
    const paths = [...new Set((shown.length > 0 ? shown : wanted).map(({ path }) => path))].join(', ');
    const why = shown.map((need) => `${inMegabytes(need.bytes)} for ${need.what}`).join(', ');
    const missing = inMegabytes(bytes - room.freeBytes);
    return [
      `${missing} are missing on ${paths}: ${inMegabytes(bytes)} are needed (${why === '' ? '' : `${why}, `}${inMegabytes(spareBytes)} to spare) and ${inMegabytes(room.freeBytes)} are free`,
    ];
  });
  return shortages.length === 0 ? null : shortages.join('; ');
}

function inMegabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000)} MB`;
}

/** For asking whether there is room to spare at all. */
export const noChanges = { groups: [], downloadBytes: 0, diskBytes: 0 };

/** Why there is not enough room for a plan; null when there is, or nobody can tell. */
export async function findDiskShortage(
  machine: Machine,
  plan: Pick<Plan, 'groups' | 'downloadBytes' | 'diskBytes'>,
): Promise<string | null> {
  const downloadPath = machine.workDirectory.inside;
  const paths = ['/', '/usr', '/var', '/boot', downloadPath];
  const rooms = await readRooms(machine, paths);
  return describeShortage(rooms, findRoomNeeds(plan, downloadPath, await readBootFiles(machine)));
}

async function readRooms(machine: Machine, paths: readonly string[]): Promise<FileSystemRoom[]> {
  const ask = async (argv: readonly [string, ...string[]]) =>
    (await machine.run({ argv, environment: commandEnvironment, timeoutSeconds: 30 })).stdout.split('\n');
  // Both name what exists and end with status 1 where one of the paths does not.
  const free = (await ask(['df', '-B1', '--output=avail,file', '--', ...paths])).flatMap((line) => {
    const [, bytes, path] = /^\s*(\d+)\s+(\/.*)$/.exec(line) ?? [];
    return path === undefined ? [] : [[path, Number(bytes)] as const];
  });
  const devices = (await ask(['stat', '--dereference', '--format=%d %n', '--', ...paths])).flatMap((line) => {
    const [, device, path] = /^(\d+) (\/.*)$/.exec(line) ?? [];
    return path === undefined || device === undefined ? [] : [[path, device] as const];
  });
  const freeOf = new Map(free);
  return devices.flatMap(([path, device]) => {
    const freeBytes = freeOf.get(path);
    return freeBytes === undefined ? [] : [{ path, device, freeBytes }];
  });
}

async function readBootFiles(machine: Machine): Promise<BootFiles | null> {
  const names = (await machine.listDirectory('/boot')) ?? [];
  if (!names.some((name) => /^(?:initrd\.img|initramfs|vmlinuz)-/.test(name))) return null;
  const largest = async (pattern: RegExp, usual: number): Promise<number> => {
    const found = await Promise.all(
      names.filter((name) => pattern.test(name)).map((name) => machine.stat(`/boot/${name}`)),
    );
    const sizes = found.flatMap((status) => (status === null ? [] : [status.sizeBytes]));
    return sizes.length === 0 ? usual : Math.max(...sizes);
  };
  return {
    kernelBytes:
      (await largest(/^vmlinuz-/, usualKernelBytes)) +
      (await largest(/^System\.map-/, 0)) +
      (await largest(/^config-/, 0)),
    initramfsBytes: await largest(/^(?:initrd\.img|initramfs)-/, usualInitramfsBytes),
  };
}
