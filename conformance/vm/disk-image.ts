import { randomUUID } from 'node:crypto';
import { open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../support/run-tool.ts';
import { findMainArchive, prepareBaseRoot } from '../support/test-root.ts';

const suite = 'bookworm';
const mebibyte = 1024 * 1024;
const sectorBytes = 512;
const rootMebibytes = 4096;

/** A small server with everything that a reboot needs, in the state of the last point release. */
const packages: readonly string[] = [
  'ca-certificates',
  'curl',
  'dbus',
  'e2fsprogs',
  'initramfs-tools',
  'iproute2',
  'kmod',
  'linux-image-cloud-amd64',
  'nginx-light',
  'openssh-server',
  'systemd-sysv',
  'udev',
];

/** Files that make a root file system a machine of its own: network by QEMU's user mode, console on the serial line. */
function machineFiles(rootUuid: string, publicKey: string, sources: readonly string[]): ReadonlyMap<string, string> {
  return new Map([
    ['etc/fstab', `UUID=${rootUuid} / ext4 errors=remount-ro 0 1\n`],
    ['etc/hostname', 'vm-node\n'],
    ['etc/hosts', '127.0.0.1 localhost vm-node\n::1 localhost\n'],
    ['etc/machine-id', ''],
    // QEMU's own name server (qemu-system-x86_64(1), -netdev user).
    ['etc/resolv.conf', 'nameserver 10.0.2.3\n'],
    ['etc/systemd/network/80-dhcp.network', '[Match]\nName=e*\n[Network]\nDHCP=ipv4\n'],
    ['etc/apt/sources.list', `${sources.join('\n')}\n`],
    ['etc/initramfs-tools/conf.d/small', 'MODULES=dep\n'],
    ['root/.ssh/authorized_keys', publicKey],
    [
      'boot/grub/grub.cfg',
      // The kernel packages keep /vmlinuz and /initrd.img on the newest kernel, so no update-grub is needed.
      `set timeout=0
menuentry "Debian" {
  linux /vmlinuz root=UUID=${rootUuid} ro console=ttyS0 net.ifnames=0
  initrd /initrd.img
}
`,
    ],
  ]);
}

/**
 * Builds a raw disk that boots by BIOS: GPT, GRUB's core image in a BIOS boot partition, one ext4 root. Needs neither
 * loop devices nor a running daemon.
 */
export async function buildDiskImage(workDirectory: string, publicKey: string): Promise<string> {
  const rootUuid = randomUUID();
  const tree = join(workDirectory, 'tree');
  const base = await prepareBaseRoot({ suite, packages });
  await runTool(['mkdir', '-p', tree]);
  await runTool(['tar', '--extract', '--numeric-owner', '--xattrs', '--file', base, '--directory', tree]);
  const sources = [await findMainArchive(suite), await findMainArchive(`${suite}-security`)];
  await runTool(['mkdir', '-p', '-m', '0700', join(tree, 'root/.ssh')]);
  await runTool(['mkdir', '-p', join(tree, 'boot/grub'), join(tree, 'etc/systemd/network')]);
  for (const [path, content] of machineFiles(rootUuid, publicKey, sources)) await writeFile(join(tree, path), content);
  await runTool(['chroot', tree, 'systemctl', 'enable', '--quiet', 'systemd-networkd', 'ssh', 'serial-getty@ttyS0']);
  // Nothing else may patch the machine while it is watched.
  await runTool(['chroot', tree, 'systemctl', 'mask', '--quiet', 'apt-daily.timer', 'apt-daily-upgrade.timer']);

  const rootFile = join(workDirectory, 'root.ext4');
  await (await open(rootFile, 'w')).close();
  await truncate(rootFile, rootMebibytes * mebibyte);
  await runTool(['mkfs.ext4', '-q', '-F', '-U', rootUuid, '-d', tree, rootFile]);
  await rm(tree, { recursive: true });
  const disk = join(workDirectory, 'disk.raw');
  await assembleDisk(disk, rootFile, rootUuid, workDirectory);
  await rm(rootFile);
  return disk;
}

const bootStartSector = 2048;
const rootStartSector = 4096;

async function assembleDisk(disk: string, rootFile: string, rootUuid: string, workDirectory: string): Promise<void> {
  await (await open(disk, 'w')).close();
  await truncate(disk, (rootMebibytes + 4) * mebibyte);
  const table = [
    'label: gpt',
    `start=${bootStartSector}, size=2048, type=21686148-6449-6E6F-744E-656564454649`,
    `start=${rootStartSector}, size=${(rootMebibytes * mebibyte) / sectorBytes}, type=linux`,
  ].join('\n');
  await runTool(['sfdisk', '--quiet', disk], table);
  const copy = (from: string, sector: number) =>
    runTool([
      'dd',
      `if=${from}`,
      `of=${disk}`,
      'bs=1M',
      'conv=notrunc,sparse',
      'oflag=seek_bytes',
      `seek=${sector * sectorBytes}`,
      'status=none',
    ]);
  await copy(rootFile, rootStartSector);

  const early = join(workDirectory, 'early.cfg');
  await writeFile(
    early,
    `search.fs_uuid ${rootUuid} root\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n`,
  );
  const core = join(workDirectory, 'core.img');
  const modules = ['biosdisk', 'part_gpt', 'ext2', 'search', 'search_fs_uuid', 'linux', 'normal', 'configfile'];
  await runTool(['grub-mkimage', '-O', 'i386-pc', '-p', '/boot/grub', '-c', early, '-o', core, ...modules]);
  const coreBytes = await readFile(core);
  // diskboot.S: the list of blocks ends the first sector; the rest of the core follows in the next sector.
  coreBytes.writeBigUInt64LE(BigInt(bootStartSector + 1), 0x1f4);
  await writeFile(core, coreBytes);
  await copy(core, bootStartSector);

  const boot = await readFile('/usr/lib/grub/i386-pc/boot.img');
  // boot.S: the sector of the core image, and two no-ops in place of the jump that a floppy's drive number needs.
  boot.writeBigUInt64LE(BigInt(bootStartSector), 0x5c);
  boot.writeUInt16LE(0x9090, 0x66);
  const file = await open(disk, 'r+');
  try {
    await file.write(boot, 0, 440, 0);
  } finally {
    await file.close();
  }
  if ((await stat(core)).size > 2048 * sectorBytes) throw new Error('The core image of GRUB outgrew its partition');
}
