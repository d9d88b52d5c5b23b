import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { type ToolResult, tryTool } from './run-tool.ts';

/** A root file system that takes itself for a machine: own mounts and processes, this machine's network, no systemd. */
export interface RunningRoot {
  /** Runs a program to its end. */
  run(argv: readonly [string, ...string[]], input?: string): Promise<ToolResult>;
  /** Starts a program again and again, as a supervisor does; answers what it printed so far. */
  supervise(argv: readonly [string, ...string[]]): { output(): string; stop(): Promise<void> };
  stop(): Promise<void>;
}

const holdScript = `set -e
root=$1
mount --make-rprivate /
mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount --rbind /dev dev
mount --rbind /sys sys
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mkdir -p run/old
pivot_root . run/old
umount --lazy /run/old
rmdir /run/old
echo ready
cd /
exec sleep infinity
`;
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', HOME: '/root' };

export async function startRunningRoot(directory: string): Promise<RunningRoot> {
  const holder = spawn(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', holdScript, 'sh', directory],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...environment } },
  );
  await once(holder.stdout, 'data');
  const children = await readFile(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8');
  const inside = children.trim();
  const entry = ['nsenter', `--target=${inside}`, '--mount', '--pid', '--root', '--wd=/'] as const;
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const supervised = new Set<ChildProcess>();
  return {
    run: (argv, input) => tryTool([...entry, 'env', '-i', ...variables, ...argv], input),
    supervise(argv) {
      const loop = 'while :; do "$@"; sleep 1; done';
      const [program, ...parameters] = [...entry, 'env', '-i', ...variables, 'sh', '-c', loop, 'sh', ...argv];
      const child = spawn(program ?? '', parameters, { stdio: ['ignore', 'pipe', 'pipe'] });
      supervised.add(child);
      let text = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
      }
      const ended = once(child, 'close');
      return {
        output: () => text,
        stop: async () => {
          supervised.delete(child);
          child.kill('SIGKILL');
          await ended;
        },
      };
    },
    async stop() {
      holder.kill('SIGKILL');
      // The kernel ends everything in a pid namespace with its first process.
      while (holder.exitCode === null && holder.signalCode === null) await wait(20);
      for (const child of supervised) child.kill('SIGKILL');
    },
  };
}
