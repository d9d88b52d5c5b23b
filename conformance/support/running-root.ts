import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { type ToolResult, tryTool } from './run-tool.ts';

/** A root file system that takes itself for a machine: own mounts and processes, this machine's network, no systemd. */
export interface RunningRoot {
  /** Runs a program to its end. */
  run(argv: readonly [string, ...string[]], input?: string): Promise<ToolResult>;
  /** Starts a program again and again, as a supervisor does. One at a time. */
  supervise(argv: readonly [string, ...string[]]): Supervised;
  stop(): Promise<void>;
}

export interface Supervised {
  /** What it printed so far. */
  output(): string;
  /** Sends it a signal; it is started again when that ends it. */
  signal(name: 'TERM' | 'KILL'): Promise<void>;
  /** Kills it for good. */
  stop(): Promise<void>;
}

const superviseScript = `rm -f /run/supervised-stop
while ! [ -e /run/supervised-stop ]; do
  "$@" &
  echo $! >/run/supervised
  wait $! || true
  sleep 1
done
`;

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
  return {
    run: (argv, input) => tryTool([...entry, 'env', '-i', ...variables, ...argv], input),
    supervise(argv) {
      const [program, ...parameters] = [
        ...entry,
        'env',
        '-i',
        ...variables,
        'sh',
        '-c',
        superviseScript,
        'sh',
        ...argv,
      ];
      const child = spawn(program ?? '', parameters, { stdio: ['ignore', 'pipe', 'pipe'] });
      let text = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
      }
      const ended = once(child, 'exit');
      const shell = (script: string) => tryTool([...entry, 'sh', '-c', script]);
      return {
        output: () => text,
        signal: async (name) => void (await shell(`kill -${name} "$(cat /run/supervised)"`)),
        stop: async () => {
          await shell('touch /run/supervised-stop; kill -KILL "$(cat /run/supervised)"');
          await ended;
        },
      };
    },
    async stop() {
      holder.kill('SIGKILL');
      // The kernel ends everything in a pid namespace with its first process.
      while (holder.exitCode === null && holder.signalCode === null) await wait(20);
    },
  };
}
