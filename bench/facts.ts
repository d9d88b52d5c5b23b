import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { collectFacts, openMachine } from '@patchbay/agent';

/**
 * Facts from apt's lists on disk, without any cache of ours, against `apt list --upgradable` on the same machine; both
 * as whole commands would feel it (wall time), in turn. Refresh is printed apart, simulation is not part of it.
 * Run as root: node bench/facts.ts [--root DIR] [--runs 7]
 */
const { values } = parseArgs({ options: { root: { type: 'string' }, runs: { type: 'string', default: '7' } } });
const root = values.root ?? null;
const runs = Number(values.runs);
const folder = mkdtempSync(join(tmpdir(), 'patchbay-bench-'));

function median(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function show(title: string, milliseconds: readonly number[], against?: readonly number[]): void {
  const ratios = against?.map((other, index) => (milliseconds[index] ?? Number.NaN) / other) ?? [];
  const ratio = against ? `, ${median(ratios).toFixed(2)} x apt (median of pairs)` : '';
  console.log(`${title.padEnd(44)} ${median(milliseconds).toFixed(0).padStart(6)} ms${ratio}`);
}

const machine = await openMachine({ root, workDirectory: join(folder, 'work'), access: 'read-only' });
const collect = async (refresh: boolean, usesCache: boolean) =>
  await collectFacts({
    machine,
    cacheDirectory: join(folder, 'cache'),
    stateFile: null,
    refresh,
    now: new Date(),
    usesCache,
  });

async function time(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

try {
  const refreshed = await time(() => collect(true, false));
  const { facts } = await collect(false, false);
  const apt = root === null ? ['apt'] : ['chroot', root, 'apt'];
  const listUpgradable = (...options: string[]) =>
    spawnSync(apt[0] ?? 'apt', [...apt.slice(1), ...options, 'list', '--upgradable'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 1e8,
    });
  const withoutCache = ['-o', 'Dir::Cache::pkgcache=', '-o', 'Dir::Cache::srcpkgcache='];
  listUpgradable();
  await collect(false, true);
  const [apts, coldApts, uncached, cached]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let run = 0; run < runs; run += 1) {
    apts.push(await time(() => listUpgradable()));
    coldApts.push(await time(() => listUpgradable(...withoutCache)));
    uncached.push(await time(() => collect(false, false)));
    cached.push(await time(() => collect(false, true)));
  }
  const version = execFileSync(apt[0] ?? 'apt', [...apt.slice(1), '--version'], { encoding: 'utf8' }).trim();
  console.log(`Node ${process.version}, ${version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`);
  console.log(
    `${facts.installed.packages.length} packages, ${facts.offers.archives.length} archives, ${runs} runs in turn`,
  );
  show('apt list --upgradable', apts);
  show('the same without the cache that apt keeps', coldApts);
  show('facts, no cache (aim: 0.5)', uncached, apts);
  show('facts, no cache, against apt without its own', uncached, coldApts);
  show('facts, nothing changed (aim: 0.1)', cached, apts);
  show('refresh, apart', [refreshed]);
} finally {
  await machine.close();
  rmSync(folder, { recursive: true, force: true });
}
