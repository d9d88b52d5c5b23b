import type { ReplacedFileUse } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { createRecordingMachine } from '../test-support/recording-machine.ts';
import { parseFailedUnits, readFailedUnits, restartUnits } from './failed-units.ts';
import { findProcessUses, groupUses, parseReplacedFiles, parseUnit } from './replaced-files.ts';
import { decideRestarts, type RestartPolicy, readRestartPolicy } from './restart-policy.ts';

const maps = `55d0c0a00000-55d0c0a02000 r--p 00000000 fe:01 1310855                    /usr/sbin/sshd (deleted)
55d0c0a02000-55d0c0a07000 r-xp 00002000 fe:01 1310855                    /usr/sbin/sshd (deleted)
7f3c14000000-7f3c14022000 r--p 00000000 fe:01 1311001                    /usr/lib/locale/locale-archive (deleted)
7f3c14200000-7f3c14300000 r-xp 00022000 fe:01 1311111                    /usr/lib/x86_64-linux-gnu/libcrypto.so.3.dpkg-tmp (deleted)
7f3c14400000-7f3c14500000 r-xp 00022000 fe:01 1311222                    /usr/lib/x86_64-linux-gnu/libc.so.6
7f3c14600000-7f3c14601000 r-xp 00000000 00:01 2048                       /memfd:jit (deleted)
7f3c14700000-7f3c14701000 r-xp 00000000 00:21 12                         /tmp/build/run (deleted)
7ffd3b5f0000-7ffd3b611000 rw-p 00000000 00:00 0                          [stack]
`;

describe('parseReplacedFiles', () => {
  it('names code from packages that is not on the disk any more, and nothing else', () => {
    expect(parseReplacedFiles(maps)).toEqual(['/usr/lib/x86_64-linux-gnu/libcrypto.so.3', '/usr/sbin/sshd']);
  });
});

describe('parseUnit', () => {
  it.each([
    ['0::/system.slice/ssh.service\n', 'ssh.service'],
    ['0::/system.slice/system-getty.slice/getty@tty1.service\n', 'getty@tty1.service'],
    ['0::/user.slice/user-1000.slice/user@1000.service/app.slice/foot.service\n', 'user@1000.service'],
    ['0::/user.slice/user-1000.slice/session-3.scope\n', null],
    ['0::/init.scope\n', null],
    ['12:cpu:/\n1:name=systemd:/system.slice/cron.service\n', 'cron.service'],
    ['0::/system.slice/docker-0123456789abcdef.scope\n', undefined],
    ['0::/kubepods/burstable/pod1/abc\n', undefined],
    ['', null],
  ])('%j belongs to %s', (cgroup, expected) => {
    expect(parseUnit(cgroup)).toBe(expected);
  });
});

describe.runIf(process.getuid?.() === 0)('findProcessUses', () => {
  const files = new Map([
    ['/proc/1/maps', maps],
    ['/proc/1/cgroup', '0::/init.scope\n'],
    ['/proc/1/comm', 'systemd\n'],
    ['/proc/40/maps', maps],
    ['/proc/40/cgroup', '0::/system.slice/ssh.service\n'],
    ['/proc/40/comm', 'sshd\n'],
    ['/proc/41/maps', ''],
    ['/proc/50/maps', maps],
    ['/proc/50/cgroup', '0::/system.slice/docker-0123.scope\n'],
  ]);
  const machine = {
    ...createRecordingMachine(),
    listDirectory: async () => ['1', '40', '41', '50', '60', 'self', 'uptime'],
    readFile: async (path: string) => {
      if (path.startsWith('/proc/60/')) throw new Error('ESRCH');
      const text = files.get(path);
      return text === undefined ? null : Buffer.from(text);
    },
  };

  it('finds who runs replaced files, but in containers, and lives with processes that end', async () => {
    const uses = (await findProcessUses(machine)) ?? [];
    expect(uses.map(({ pid, name, unit }) => `${pid} ${name} ${unit}`)).toEqual([
      '1 systemd null',
      '40 sshd ssh.service',
    ]);
    expect(groupUses(uses).map(({ unit, processes }) => [unit, processes])).toEqual([
      ['ssh.service', [{ pid: 40, name: 'sshd' }]],
      [null, [{ pid: 1, name: 'systemd' }]],
    ]);
  });

  it('says nothing about a root file system, in which nothing runs', async () => {
    expect(await findProcessUses({ ...machine, kind: 'root-directory' })).toBeNull();
  });
});

describe('failed units', () => {
  const listed = `fwupd.service              loaded    failed failed Firmware update daemon
● data.mount                not-found failed failed data.mount
system-getty.slice          loaded    active active Slice /system/getty
`;

  it('are read from what systemctl prints', () => {
    expect(parseFailedUnits(listed)).toEqual(['fwupd.service', 'data.mount']);
    expect(parseFailedUnits('0 loaded units listed.\n')).toEqual([]);
  });

  it('are unknown where no systemd runs or it does not answer', async () => {
    const withSystemd = { stat: async () => ({ kind: 'directory', modifiedAtMs: 0, sizeBytes: 0, inode: 1 }) as const };
    expect(await readFailedUnits(createRecordingMachine(() => ({ stdout: listed })))).toBeNull();
    const answering = { ...createRecordingMachine(() => ({ stdout: listed })), ...withSystemd };
    expect(await readFailedUnits(answering)).toEqual(['fwupd.service', 'data.mount']);
    const mute = { ...createRecordingMachine(() => ({ exitCode: 1 })), ...withSystemd };
    expect(await readFailedUnits(mute)).toBeNull();
  });
});

describe('restarting by policy', () => {
  const use = (unit: string | null): ReplacedFileUse => ({ unit, processes: [], files: [] });
  const uses = [use('ssh.service'), use('dbus.service'), use('postgresql@15-main.service'), use(null)];
  const decide = (policy: Partial<RestartPolicy>) => decideRestarts(uses, { mode: 'list', units: {}, ...policy });

  it('lists everything where the owner said nothing', () => {
    expect(decide({}).restart).toEqual([]);
    expect(decide({}).listed).toHaveLength(3);
  });

  it('restarts by itself what takes nothing else down', () => {
    expect(decide({ mode: 'auto' })).toEqual({
      restart: ['ssh.service', 'postgresql@15-main.service'],
      listed: ['dbus.service'],
    });
  });

  it('follows an entry for a unit before everything else', () => {
    const units = { 'postgresql@*.service': 'never', 'dbus.service': 'auto' } as const;
    expect(decide({ mode: 'auto', units })).toEqual({ restart: ['ssh.service', 'dbus.service'], listed: [] });
    expect(decide({ mode: 'never' })).toEqual({ restart: [], listed: [] });
  });

  it.each([
    ['{"mode":"auto"}', 'auto', null],
    ['{"mode":"all"}', 'list', /is not followed/],
    ['{', 'list', /is not followed/],
  ])('reads the file of the owner: %s', async (text, mode, problem) => {
    const machine = { ...createRecordingMachine(), readFile: async () => Buffer.from(text) };
    const read = await readRestartPolicy(machine);
    expect(read.policy.mode).toBe(mode);
    if (problem === null) expect(read.problem).toBeNull();
    else expect(read.problem).toMatch(problem);
  });

  it('names what could not be restarted, and goes on', async () => {
    const machine = createRecordingMachine((_script, { argv }) =>
      argv.at(-1) === 'a.service' ? { exitCode: 1, stderr: 'Job for a.service failed.' } : {},
    );
    const problems = await restartUnits(machine, ['a.service', 'b.service']);
    expect([...problems]).toEqual([['a.service', 'Job for a.service failed.']]);
    expect(machine.commands.map(({ argv }) => argv.join(' '))).toEqual([
      'systemctl try-restart -- a.service',
      'systemctl try-restart -- b.service',
    ]);
  });
});
