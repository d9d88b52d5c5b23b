import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { buildAgentPackage } from '@patchbay/agent-package';

/**
 * Memory of the packaged agent at rest: unpacked by dpkg-deb, enrolled at a control plane on loopback, waiting in its long
 * poll. RSS counts every page that is mapped in; PSS divides shared ones; anonymous is what no file backs, and so what
 * remains when the kernel needs memory. Run as root: node bench/agent-memory.ts [seconds]
 */
const seconds = Number(process.argv[2] ?? 60);
const aimMebibytes = 80;
const launcher = join(import.meta.dirname, '../patchbay');
const folder = mkdtempSync(join(tmpdir(), 'agent-memory-'));
const data = join(folder, 'data');
const children: ReturnType<typeof spawn>[] = [];

async function startAndAwait(argv: readonly [string, ...string[]], pattern: RegExp) {
  const [program, ...parameters] = argv;
  const child = spawn(program, parameters, { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let text = '';
  const found = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (pattern.test(text)) found.resolve(text);
    });
  }
  child.on('exit', () => found.reject(new Error(`${argv.join(' ')} ended early:\n${text}`)));
  return { child, text: await found.promise };
}

/** The agent takes itself for the one of this host; what it would write lies in a namespace of its own. */
const hideHost = `set -eu
mount --make-rprivate /
mkdir -p "$1/upper" "$1/work"
mount -t overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" overlay /etc
mkdir -p /etc/patchbay
mount -t tmpfs tmpfs /var/lib
mkdir -m 0700 /var/lib/patchbay-agent
printf '%s\\n' "$4" | sh "$2" enrol --endpoint "$5" --region us-east-1 --activation-id "$3" --no-start
exec sh "$2" run
`;

try {
  const built = await buildAgentPackage({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    compression: 'none',
  });
  const tree = join(folder, 'tree');
  mkdirSync(tree);
  execFileSync('dpkg-deb', ['--extract', built.path, tree]);
  const wrapper = join(folder, 'patchbay-agent');
  const script = readFileSync(join(tree, 'usr/bin/patchbay-agent'), 'utf8');
  writeFileSync(wrapper, script.replaceAll('/usr/lib/', `${tree}/usr/lib/`));
  const server = await startAndAwait([launcher, 'up', '--data', data, '--port', '0'], /^ready \S+$/m);
  const endpoint = /^ready (\S+)$/m.exec(server.text)?.[1] ?? '';
  mkdirSync(join(data, 'agent-packages'));
  copyFileSync(built.path, join(data, 'agent-packages', built.fileName));
  const line = execFileSync(launcher, ['enrol-line', '--data', data], { encoding: 'utf8' });
  const code = /^printf '%s\\n' '([^']+)'/m.exec(line)?.[1] ?? '';
  const activationId = /--activation-id '\\''([^']+)'/.exec(line)?.[1] ?? '';
  const agent = await startAndAwait(
    ['unshare', '--mount', 'sh', '-c', hideHost, 'sh', folder, wrapper, activationId, code, endpoint],
    /Online as/,
  );
  await wait(seconds * 1000);
  const rollup = readFileSync(`/proc/${agent.child.pid}/smaps_rollup`, 'utf8');
  const mebibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1]) / 1024;
  console.log(`Node ${process.version}, patchbay-agent ${built.version}, idle for ${seconds} s`);
  for (const name of ['Rss', 'Pss', 'Pss_Anon', 'Pss_File']) console.log(`${name}: ${mebibytes(name).toFixed(1)} MiB`);
  console.log(`aim: RSS at most ${aimMebibytes} MiB: ${mebibytes('Rss') <= aimMebibytes ? 'met' : 'missed'}`);
} finally {
  for (const child of children.toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.removeAllListeners('exit');
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}
