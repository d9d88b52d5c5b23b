import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runScan, type ScanReport } from '../../packages/agent/src/scan/index.ts';
import type { TestPackage } from '../support/test-package-build.ts';
import { openPatcherStage, type PatcherStage } from './patcher-stage.ts';

const changelog = (source: string, version: string, date: string) =>
  `${source} (${version}) stable; urgency=medium\n\n  * Fixed.\n\n -- Ann <ann@example.test>  ${date}\n`;
const old = 'Mon, 02 Mar 2026 10:00:00 +0100';
const young = 'Thu, 19 Mar 2026 23:30:00 -0200';
const future = 'Fri, 20 Mar 2026 12:00:01 +0000';
const now = new Date('2026-03-20T12:00:00Z');
const epoch = '1:1.0-1+deb12u1';
const fixed = '1.0-1+deb12u1';

const updates: readonly TestPackage[] = [
  { name: 'pb-old', version: fixed, changelog: changelog('pb-old', fixed, old) },
  { name: 'pb-young', version: epoch, changelog: changelog('pb-young', epoch, young) },
  { name: 'pb-future', version: fixed, changelog: changelog('pb-future', fixed, future) },
  { name: 'pb-silent', version: fixed },
  { name: 'pb-other', version: fixed, changelog: changelog('pb-other', '0.9', old) },
  { name: 'pb-large', version: fixed, files: { '/usr/share/pb-large': 'x'.repeat(6 * 1024 * 1024) } },
  // Two packages of one source: the smaller one only has a link where its changelog would be.
  { name: 'pb-small-one', version: fixed, source: 'pb-pair' },
  {
    name: 'pb-larger-one',
    version: fixed,
    source: 'pb-pair',
    files: { '/usr/share/pb-pair': 'x'.repeat(5000) },
    changelog: changelog('pb-pair', fixed, young),
  },
];

describe('what was there at the first look, under a delay of seven days', () => {
  let stage: PatcherStage;
  let report: ScanReport;

  beforeAll(async () => {
    stage = await openPatcherStage([]);
    const { main, security } = stage.archives.archives;
    await main.publish(
      ...updates.map(({ name, version, source }) => ({
        name,
        version: version.replace('+deb12u1', ''),
        ...(source === undefined ? {} : { source }),
      })),
    );
    await stage.root.install(...updates.map(({ name }) => name));
    await security.publish(...updates);
    const rules = [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 7 }];
    const baselineFile = join(stage.folder, 'week.json');
    await writeFile(
      baselineFile,
      JSON.stringify({ Name: 'week', OperatingSystem: 'DEBIAN', ApprovalRules: { PatchRules: rules } }),
    );
    const before = await stage.listRoot();
    report = await runScan({
      root: stage.root.directory,
      baselineFile,
      cacheDirectory: join(stage.folder, 'cache'),
      refresh: true,
      now: () => now,
      output: null,
    });
    expect(await stage.listRoot()).toBe(before);
  });

  afterAll(async () => {
    await stage?.close();
  });

  const show = (name: string) => {
    const item = report.verdict.items.find((candidate) => candidate.name === name);
    const clock = item?.evidence.clock;
    return [item?.state, clock?.rung, clock?.availableAt ?? clock?.changelog?.problem].join(' ');
  };

  it.each([
    ['pb-old', 'missing changelog 2026-03-02T09:00:00.000Z'],
    ['pb-young', 'waiting changelog 2026-03-20T01:30:00.000Z'],
    ['pb-small-one', 'waiting changelog 2026-03-20T01:30:00.000Z'],
    ['pb-larger-one', 'waiting changelog 2026-03-20T01:30:00.000Z'],
    ['pb-future', 'missing undated its date lies after 2026-03-20T12:00:00.000Z, when the version was there already'],
    ['pb-silent', `missing undated pb-silent_${fixed}_all: it holds no changelog`],
    ['pb-other', `missing undated pb-other_${fixed}_all: its changelog has no entry of pb-other ${fixed}`],
  ])('%s: %s', (name, expected) => {
    expect(show(name)).toBe(expected);
  });

  it('fetches no package above the limit, and says so', () => {
    expect(show('pb-large')).toContain('and no more than 5242880 are fetched for a date');
    const { requests } = stage.archives.archives.security;
    expect(requests.filter((request) => request.includes('pb-large_'))).toEqual([]);
  });

  it('fetches the smallest package of a source first, and each once', () => {
    const fetched = stage.archives.archives.security.requests.flatMap(
      (request) => /GET pool\/.*\/(pb-[^_]+)_/.exec(request)?.[1] ?? [],
    );
    expect(fetched.indexOf('pb-small-one')).toBeLessThan(fetched.indexOf('pb-larger-one'));
    expect(new Set(fetched).size).toBe(fetched.length);
  });

  it('names the package, its sum and the line as evidence', () => {
    const clock = report.verdict.items.find(({ name }) => name === 'pb-young')?.evidence.clock;
    expect(clock?.changelog).toMatchObject({
      package: `pb-young_${epoch}_all`,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      dateLine: ` -- Ann <ann@example.test>  ${young}`,
      problem: null,
    });
  });
});
