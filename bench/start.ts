import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * From `./patchbay up` to its first answer of /readyz, on an embedded PostgreSQL: the first start, starts after a clean
 * stop (floor: 2 s) and after kill -9 of control plane and PostgreSQL alike (floor: 10 s); and the memory at rest.
 * Run: node bench/start.ts [--runs 5]
 */
const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } } });
const runs = Number(values.runs);
const folder = mkdtempSync(join(tmpdir(), 'patchbay-bench-'));
const launcher = join(import.meta.dirname, '../patchbay');

interface Started {
  readonly child: ChildProcess;
  readonly milliseconds: number;
  /** Of the control plane, without PostgreSQL: what does not depend on how busy the machine is. */
  readonly processorMilliseconds: number;
}

async function start(): Promise<Started> {
  const began = performance.now();
  const child = spawn(launcher, ['up', '--port', '0', '--data', join(folder, 'data'), '--log-level', 'warn'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    const url = /^ready (\S+)$/m.exec(text)?.[1];
    if (url === undefined) continue;
    const answer = await fetch(`${url}/readyz`);
    if (!answer.ok) throw new Error(`/readyz answered ${answer.status}`);
    const milliseconds = performance.now() - began;
    return { child, milliseconds, processorMilliseconds: readProcessorTime(child.pid ?? 0) };
  }
  throw new Error('patchbay up ended before it was ready');
}

/** proc_pid_stat(5), fields 14 and 15, in ticks of ten milliseconds. */
function readProcessorTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function stop({ child }: Started): Promise<void> {
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** As a power cut would: nobody gets to write anything any more. */
async function killAll({ child }: Started): Promise<void> {
  const status = readFileSync(join(folder, 'data/postgres/18/postmaster.pid'), 'utf8');
  child.kill('SIGSTOP');
  process.kill(Number(status.split('\n')[0]), 'SIGKILL');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function show(title: string, milliseconds: readonly number[]): void {
  const sorted = milliseconds.toSorted((left, right) => left - right);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const worst = sorted.at(-1) ?? Number.NaN;
  console.log(`${title.padEnd(44)} ${median.toFixed(0).padStart(6)} ms median, ${worst.toFixed(0)} ms worst`);
}

try {
  console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${runs} runs`);
  let server = await start();
  show('first start, with a new database', [server.milliseconds]);
  const [clean, killed, processor]: [number[], number[], number[]] = [[], [], []];
  for (let run = 0; run < runs; run += 1) {
    await stop(server);
    server = await start();
    clean.push(server.milliseconds);
    processor.push(server.processorMilliseconds);
    await killAll(server);
    server = await start();
    killed.push(server.milliseconds);
  }
  show('after a clean stop (floor: 2000)', clean);
  show('processor time of a start after a clean stop', processor);
  show('after kill -9 of both (floor: 10000)', killed);
  const memory = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))?.[1];
  console.log(
    `${'memory at rest, without PostgreSQL'.padEnd(44)} ${(Number(memory) / 1024).toFixed(0).padStart(6)} MiB`,
  );
  await stop(server);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
