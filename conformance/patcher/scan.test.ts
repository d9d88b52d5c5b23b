import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VerdictItem } from '@patchbay/facts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printScan, runScan, type ScanReport } from '../../packages/agent/src/scan/index.ts';
import { growArchives, type HardCase, hardCases } from '../support/test-packages.ts';
import { openPatcherStage, type PatcherStage } from './patcher-stage.ts';

const cases: readonly HardCase[] = Object.values(hardCases);
let stage: PatcherStage;

beforeAll(async () => {
  stage = await openPatcherStage(cases);
});

afterAll(async () => {
  await stage?.close();
});

interface ScanWish {
  readonly baseline?: object;
  readonly at?: Date;
  readonly cache?: string;
  readonly refresh?: boolean;
  readonly onText?: (text: string) => void;
}

let baselines = 0;

async function scan(wish: ScanWish = {}): Promise<ScanReport> {
  let baselineFile: string | null = null;
  if (wish.baseline !== undefined) {
    baselines += 1;
    baselineFile = join(stage.folder, `baseline-${baselines}.json`);
    await writeFile(baselineFile, JSON.stringify(wish.baseline));
  }
  const { onText } = wish;
  return await runScan({
    root: stage.root.directory,
    baselineFile,
    cacheDirectory: join(stage.folder, wish.cache ?? 'cache'),
    refresh: wish.refresh ?? true,
    now: () => wish.at ?? new Date(),
    output: onText === undefined ? null : { format: 'table', write: onText },
  });
}

function everything(approveAfterDays: number, more: object = {}): object {
  return {
    Name: 'everything',
    OperatingSystem: 'DEBIAN',
    ApprovalRules: {
      PatchRules: [
        { PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: approveAfterDays, EnableNonSecurity: true },
      ],
    },
    ...more,
  };
}

function itemOf(report: ScanReport, name: string): VerdictItem | undefined {
  return report.verdict.items.find((item) => item.name === name);
}

function show(report: ScanReport, name: string): string {
  const item = itemOf(report, name);
  return `${item?.state} ${item?.targetVersion} ${item?.evidence.clock?.rung ?? ''}`.trim();
}

const start = new Date('2026-03-01T00:00:00Z');
const later = (days: number) => new Date(start.getTime() + days * 86_400_000);

describe('a scan under a delay of seven days', () => {
  const week = everything(7);

  it('approves at once what was there at the first look, and lets what comes later wait its days', async () => {
    const { archives } = stage.archives;
    await growArchives(archives, [hardCases.delayed], 0);
    const first = await scan({ baseline: week, at: start, cache: 'clock' });
    expect(show(first, 'pb-undated')).toBe('missing 1.0-1+deb12u1 undated');
    expect(itemOf(first, 'pb-delayed')?.state).toBe('installed');

    await growArchives(archives, [hardCases.delayed], 1);
    await growArchives(archives, [hardCases.stream], 0);
    const second = await scan({ baseline: week, at: later(1), cache: 'clock' });
    expect(show(second, 'pb-delayed')).toBe('waiting 1.0-1+deb12u1 first-seen');
    expect(itemOf(second, 'pb-delayed')?.evidence.clock?.availableAt).toBe(later(1).toISOString());
    expect(show(second, 'pb-stream')).toBe('waiting 1.0-1+deb12u1 first-seen');

    await growArchives(archives, [hardCases.stream], 1);
    const third = await scan({ baseline: week, at: later(2), cache: 'clock' });
    await growArchives(archives, [hardCases.stream], 2);
    const fourth = await scan({ baseline: week, at: later(3), cache: 'clock' });
    expect([show(third, 'pb-stream').split(' ')[0], show(fourth, 'pb-stream').split(' ')[0]]).toEqual([
      'waiting',
      'waiting',
    ]);
  });

  it('finds due what has waited its days, a stream of newer builds included', async () => {
    const due = await scan({ baseline: week, at: later(9), cache: 'clock' });
    expect(show(due, 'pb-delayed')).toBe('missing 1.0-1+deb12u1 first-seen');
    expect(itemOf(due, 'pb-stream')).toMatchObject({ state: 'missing' });
    expect(due.verdict.unknownReasons).toEqual([]);
    expect(due.exitStatus).toBe(1);
  });
});

describe('a scan of the hard cases', () => {
  let report: ScanReport;
  let text = '';

  beforeAll(async () => {
    const { delayed, stream, ...rest } = hardCases;
    expect([delayed.name, stream.name]).toHaveLength(2);
    await growArchives(stage.archives.archives, Object.values(rest));
    report = await scan({
      baseline: everything(0),
      onText: (printed) => {
        text = printed;
      },
    });
  });

  it('is not compliant and says why for each', () => {
    expect(report).toMatchObject({ status: 'non-compliant', exitStatus: 1 });
    expect(report.verdict.unknownReasons).toEqual([]);
    const states = Object.fromEntries(
      report.verdict.items
        .filter(({ name }) => name.startsWith('pb-'))
        .map(({ name, state, targetVersion, classification }) => [
          name,
          `${state} ${targetVersion ?? ''} ${classification}`.trim(),
        ]),
    );
    expect(states).toEqual({
      'pb-automatic': 'missing 1.0-1+deb12u1 Security',
      'pb-conffile': 'missing 1.0-1+deb12u1 Security',
      'pb-delayed': 'missing 1.0-1+deb12u1 Security',
      'pb-epoch': 'missing 1:1.0-1 Security',
      'pb-failing': 'missing 1.0-1+deb12u1 Security',
      'pb-growing': 'missing 1.0-1+deb12u1 Security',
      'pb-held': 'held 1.0-1+deb12u1 Security',
      'pb-hidden': 'missing 1.0-1+deb12u2 Security',
      'pb-independent': 'missing 1.0-1+deb12u1 Security',
      'pb-main-newer': 'missing 1.0-2 Security',
      'pb-needs-rejected': 'missing 1.0-1+deb12u1 Security',
      'pb-pinned': 'pinned 1.0-1+deb12u1 Security',
      'pb-rejected': 'missing 1.0-1+deb12u1 Security',
      'pb-remover': 'needs-removal 1.0-1+deb12u1 Security',
      'pb-stream': 'missing 1.0-1+deb12u3 Security',
      'pb-undated': 'missing 1.0-1+deb12u1 Security',
      'pb-uses-automatic': 'installed',
      'pb-victim': 'installed',
    });
  });

  it('lists as missing exactly what apt would upgrade', async () => {
    await stage.root.run(['apt-get', '-qq', 'update']);
    const simulated = (await stage.root.run(['apt-get', '-s', 'upgrade', '--with-new-pkgs'])).stdout;
    const upgraded = [...simulated.matchAll(/^Inst (\S+) \[[^\]]+\] \((\S+) /gm)].map(
      (match) => `${match[1]} ${match[2]}`,
    );
    const missing = report.verdict.items.filter(({ state }) => state === 'missing');
    expect(missing.map(({ name, targetVersion }) => `${name} ${targetVersion}`).sort()).toEqual(upgraded.sort());
  });

  it('prints every finding with archive and rung', () => {
    expect(text).toContain('pb-held.all');
    expect(text).toMatch(/Missing: on hold \(1\)/);
    expect(text).toMatch(/from http:\/\/127\.0\.0\.1:\d+\/security bookworm-security main amd64/);
    expect(text).toContain('(undated)');
    expect(text).toContain('the application needs 1.0');
    expect(text).toContain('Verdict: NON_COMPLIANT');
    expect(JSON.parse(printScan(report, 'json'))).toMatchObject({
      status: 'non-compliant',
      baseline: { name: 'everything' },
    });
  });

  it('blocks what needs a package that is rejected with BLOCK, and only that', async () => {
    const rejecting = { RejectedPatches: ['pb-rejected'] };
    const blocked = await scan({ baseline: everything(0, { ...rejecting, RejectedPatchesAction: 'BLOCK' }) });
    expect(itemOf(blocked, 'pb-needs-rejected')?.state).toBe('dependency-blocked');
    expect(itemOf(blocked, 'pb-growing')?.state).toBe('missing');
    const allowed = await scan({ baseline: everything(0, rejecting) });
    expect(itemOf(allowed, 'pb-needs-rejected')?.state).toBe('missing');
    expect(itemOf(allowed, 'pb-rejected')?.state).toBe('rejected');
  });

  it('writes nothing below the root', async () => {
    const before = await stage.listRoot();
    await scan({ baseline: everything(0), cache: 'fresh-cache' });
    expect(await stage.listRoot()).toBe(before);
  });

  it('gives the same verdict from kept facts', async () => {
    const again = await scan({ baseline: everything(0), refresh: false });
    expect(again.verdict.items).toEqual(report.verdict.items);
  });
});

describe('a scan without a refresh', () => {
  it('reads the lists of the machine where it never fetched any, and says since when they are', async () => {
    const report = await scan({ cache: 'never-refreshed', refresh: false });
    expect(report.machine.lists).toMatchObject({ source: 'machine', asOf: expect.any(String) });
    expect(report.status).toBe('non-compliant');
  });

  it('cannot tell from lists that are older than two days', async () => {
    const at = new Date(Date.now() + 3 * 86_400_000);
    const report = await scan({ cache: 'never-refreshed', refresh: false, at });
    expect(report).toMatchObject({ status: 'unknown', exitStatus: 2 });
    expect(report.verdict.unknownReasons.map(({ code }) => code)).toContain('stale-facts');
  });
});

describe('a scan with archives that cannot be trusted', () => {
  it.each([
    ['a signature by an unknown key', { signature: 'unknown-key' }, 'badly-signed'],
    ['content changed after signing', { signature: 'corrupt' }, 'badly-signed'],
    ['no signature', { signature: 'none' }, 'unsigned'],
    ['a past Valid-Until', { validUntil: new Date('2020-01-02T00:00:00Z') }, 'expired'],
    ['a port on which nobody listens', { reachability: 'refused' }, 'unreachable'],
  ] as const)('cannot tell: %s', async (_case, condition, status) => {
    const { security } = stage.archives.archives;
    await security.present(condition);
    try {
      let text = '';
      const report = await scan({
        onText: (printed) => {
          text = printed;
        },
      });
      expect(report).toMatchObject({ status: 'unknown', exitStatus: 2 });
      const found = report.machine.archives.find(({ address }) => address.suite === 'bookworm-security');
      expect(found).toMatchObject({ status, reason: expect.stringMatching(/\w/) });
      expect(text).toMatch(/UNKNOWN[\s\S]*What to do:/);
    } finally {
      await security.present({ signature: 'valid', reachability: 'reachable', validUntil: null });
    }
  });

  it('cannot tell at a first look either, where no list was ever fetched', async () => {
    const { security } = stage.archives.archives;
    await security.present({ reachability: 'refused' });
    try {
      const report = await scan({ cache: 'first-look' });
      expect(report.status).toBe('unknown');
      expect(report.verdict.unknownReasons.map(({ code }) => code)).toContain('archive');
    } finally {
      await security.present({ reachability: 'reachable' });
    }
  });
});

describe('a machine that cannot be read', () => {
  it.each([
    ['/var/lib/dpkg/status', 'Package: broken\nStatus: what is this thing\n', 'package-status'],
    ['/etc/os-release', 'ID=plan9\nPRETTY_NAME="Plan 9"\n', 'operating-system'],
    ['/etc/apt/sources.list.d/broken.sources', 'Types: nonsense\n', 'archive'],
    ['/etc/apt/preferences.d/broken', 'Package: x\nPin: nonsense\nPin-Priority: 1\n', 'archive'],
  ])('is unknown with a reason: %s', async (path, content, code) => {
    const before = await stage.root.run(['cat', path]);
    await stage.root.run(['rm', '-f', path]);
    await stage.root.writeFile(path, content);
    try {
      const report = await scan({ cache: 'damaged' });
      expect(report).toMatchObject({ status: 'unknown', exitStatus: 2 });
      expect(report.verdict.unknownReasons.map((reason) => reason.code)).toContain(code);
    } finally {
      await stage.root.run(['rm', '-f', path]);
      if (before.exitCode === 0) await stage.root.writeFile(path, before.stdout);
    }
  });

  it.each([
    ['no JSON', 'nonsense', 'BASELINE_UNREADABLE'],
    ['an unknown member', '{"Name":"abc","OperatingSystem":"DEBIAN","RejectedPatchs":[]}', 'BASELINE_INVALID'],
  ])('refuses a baseline file with %s in words', async (_case, content, code) => {
    const baselineFile = join(stage.folder, 'bad.json');
    await writeFile(baselineFile, content);
    const { directory } = stage.root;
    const request = {
      root: directory,
      baselineFile,
      cacheDirectory: stage.folder,
      refresh: false,
      now: () => start,
      output: null,
    };
    await expect(runScan(request)).rejects.toMatchObject({ code });
  });
});
