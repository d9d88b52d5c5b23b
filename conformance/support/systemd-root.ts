import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type ToolResult, tryTool } from './run-tool.ts';

/** A root file system with systemd as its first process: own mounts, processes and control groups, this machine's network. */
export interface SystemdRoot {
  run(argv: readonly [string, ...string[]], input?: string): Promise<ToolResult>;
  stop(): Promise<void>;
}

/** Where this machine has the unified hierarchy; null where there is none that we may use. */
export const unifiedControlGroups: string | null =
  ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((path) => existsSync(join(path, 'cgroup.procs'))) ?? null;

/** A control group of its own first: systemd takes the root of its namespace for the whole machine. */
const bootScript = `set -e
root=$1
echo $$ >"$2/cgroup.procs"
exec unshare --mount --pid --cgroup --uts --ipc --fork --kill-child sh -c '
set -e
root=$1
mount --make-rprivate /
mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do touch dev/$name; mount --bind /dev/$name dev/$name; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mkdir run/old
pivot_root . run/old
umount --lazy /run/old
export container=test
exec /sbin/init
' sh "$root"
`;
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', HOME: '/root' };

/** The root needs systemd-sysv. Ready when systemd says that it is. */
export async function startSystemdRoot(directory: string): Promise<SystemdRoot> {
  const controlGroup = join(unifiedControlGroups ?? '', `patchbay-test-${process.pid}`);
  await mkdir(controlGroup);
  const holder = spawn('sh', ['-c', bootScript, 'sh', directory, controlGroup], {
    stdio: 'ignore',
    env: { ...process.env, ...environment },
  });
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const machine: SystemdRoot = {
    run: async (argv, input) => {
      const children = await readFile(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8');
      const entry = ['nsenter', `--target=${children.trim()}`, '--mount', '--pid', '--root', '--wd=/'] as const;
      return await tryTool([...entry, 'env', '-i', ...variables, ...argv], input);
    },
    async stop() {
      holder.kill('SIGKILL');
      while (holder.exitCode === null && holder.signalCode === null) await wait(20);
      await removeControlGroup(controlGroup);
    },
  };
  for (let look = 0; look < 300; look += 1) {
    await wait(200);
    const state = await machine.run(['systemctl', 'is-system-running']);
    if (/^(?:running|degraded)$/.test(state.stdout.trim())) return machine;
  }
  await machine.stop();
  throw new Error(`systemd did not come up in ${directory}`);
}

/** From the leaves up; a group is empty some moments after its last process has ended. */
async function removeControlGroup(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true });
  for (const entry of entries.filter((each) => each.isDirectory())) await removeControlGroup(join(path, entry.name));
  for (let attempt = 0; ; attempt += 1) {
    try {
      await rmdir(path);
      return;
    } catch (error) {
      if (attempt >= 50) throw error;
      await wait(100);
    }
  }
}
