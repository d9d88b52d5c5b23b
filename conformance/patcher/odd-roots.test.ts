import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VerdictItem } from '@patchbay/facts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runScan, type ScanReport } from '../../packages/agent/src/scan/index.ts';
import {
  debianRelease,
  debianSecurityRelease,
  nativeArchitecture,
  startTestArchives,
  type TestArchives,
} from '../support/test-archive.ts';
import type { TestPackage } from '../support/test-package-build.ts';
import { createTestRoot, prepareBaseRoot, type TestRoot } from '../support/test-root.ts';

const foreign = nativeArchitecture === 'amd64' ? 'i386' : 'armhf';
const percentages = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100];
const phased = [...percentages.map((percentage) => `pb-phased-${percentage}`), 'pb-phased-security'];
const both = { name: 'pb-both', multiArch: 'same' };

const before: readonly TestPackage[] = [
  { name: 'pb-plain', version: '1.0-1' },
  ...phased.map((name) => ({ name, version: '1.0-1' })),
  { ...both, version: '1.0-1', architecture: nativeArchitecture },
  { ...both, version: '1.0-1', architecture: foreign },
  { name: 'pb-foreign', version: '1.0-1', architecture: foreign },
  // A client of a virtual package, whose provider stops to provide it.
  { name: 'pb-server-a', version: '1.0-1', provides: 'pb-service' },
  { name: 'pb-client', version: '1.0-1', depends: 'pb-service' },
  { name: 'pb-virtual', version: '1.0-1', provides: 'pb-api (= 1)' },
];
const after: readonly TestPackage[] = [
  { name: 'pb-plain', version: '1.0-1+fix1' },
  { name: 'pb-phased-security', version: '1.0-1+fix1', phasedUpdatePercentage: 0 },
  { ...both, version: '1.0-1+fix1', architecture: nativeArchitecture },
  { ...both, version: '1.0-1+fix1', architecture: foreign },
  { name: 'pb-foreign', version: '1.0-1+fix1', architecture: foreign },
  { name: 'pb-server-a', version: '1.0-1+fix1' },
  { name: 'pb-server-b', version: '1.0-1+fix1', provides: 'pb-service' },
  { name: 'pb-virtual', version: '1.0-1+fix1', provides: 'pb-api (= 2)' },
];

/** Ubuntu phases what comes to its updates, not to its security pocket. */
const phasedAfter: readonly TestPackage[] = percentages.map((phasedUpdatePercentage) => ({
  name: `pb-phased-${phasedUpdatePercentage}`,
  version: '1.0-1+fix1',
  phasedUpdatePercentage,
}));

/** How this Debian checks signatures: since trixie apt brings sqv, and gpgv need not be there. */
const releases = [
  { suite: 'bookworm', checker: '/usr/bin/gpgv', missing: '/usr/bin/sqv' },
  { suite: 'trixie', checker: '/usr/bin/sqv', missing: '/usr/bin/gpgv' },
] as const;

describe.each(releases)('a root of $suite', ({ suite, checker, missing }) => {
  let folder: string;
  let archives: TestArchives<'main' | 'security'>;
  let root: TestRoot;
  let report: ScanReport;
  let simulated: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'odd-roots-'));
    archives = await startTestArchives({
      main: { ...debianRelease, codename: suite },
      security: { ...debianSecurityRelease, codename: `${suite}-security` },
    });
    const { main, security } = archives.archives;
    root = await createTestRoot({
      base: await prepareBaseRoot({ suite }),
      directory: join(folder, 'root'),
      archives: [main, security],
      keyring: archives.keyring,
    });
    // apt draws by it whose turn a phased update is.
    await root.writeFile('/etc/machine-id', '0123456789abcdef0123456789abcdef\n');
    // In a chroot apt phases nothing (it asks ischroot(1)); this root stands for a system that runs.
    await root.run(['sh', '-c', 'printf "#!/bin/sh\\nexit 1\\n" >/usr/bin/ischroot']);
    expect(await root.run(['dpkg', '--add-architecture', foreign])).toMatchObject({ exitCode: 0 });
    await main.publish(...before);
    await root.install(
      ...before.map(({ name, architecture = 'all' }) => (architecture === foreign ? `${name}:${foreign}` : name)),
    );
    await main.publish(...phasedAfter);
    await security.publish(...after);
    expect(await root.run(['apt-get', 'update', '-o', 'APT::Update::Error-Mode=any'])).toMatchObject({ exitCode: 0 });
    simulated = (await root.run(['apt-get', '-s', 'upgrade', '--with-new-pkgs'])).stdout;
    const rules = [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 0, EnableNonSecurity: true }];
    const baselineFile = join(folder, 'everything.json');
    await writeFile(
      baselineFile,
      JSON.stringify({ Name: 'everything', OperatingSystem: 'DEBIAN', ApprovalRules: { PatchRules: rules } }),
    );
    report = await runScan({
      root: root.directory,
      baselineFile,
      cacheDirectory: join(folder, 'cache'),
      refresh: true,
      now: () => new Date(),
      output: null,
    });
  });

  afterAll(async () => {
    await root?.remove();
    await archives?.close();
    await rm(folder, { recursive: true });
  });

  const itemOf = (name: string, architecture = 'all'): VerdictItem | undefined =>
    report.verdict.items.find((item) => item.name === name && item.architecture === architecture);
  const isUpgraded = (name: string) => simulated.split('\n').some((line) => line.startsWith(`Inst ${name} [`));

  it('is what it is meant to be', async () => {
    expect((await root.run(['test', '-x', checker])).exitCode).toBe(0);
    expect((await root.run(['test', '-e', missing])).exitCode).not.toBe(0);
    expect(report.machine.operatingSystem).toMatchObject({
      operatingSystem: 'DEBIAN',
      codename: suite,
      product: suite === 'trixie' ? 'Debian13' : 'Debian12',
    });
  });

  it('has current archives for both architectures, and nothing in doubt', () => {
    expect(report.verdict.unknownReasons).toEqual([]);
    const found = report.machine.archives.map(
      ({ address, status }) => `${address.suite} ${address.architecture} ${status}`,
    );
    expect(found.sort()).toEqual(
      [suite, `${suite}-security`]
        .flatMap((name) => [nativeArchitecture, foreign].map((architecture) => `${name} ${architecture} current`))
        .sort(),
    );
  });

  it('lists what dpkg lists, foreign packages included', async () => {
    const { stdout } = await root.run(['dpkg-query', '-W', '-f', '${Package}.${Architecture} ${Version}\n']);
    const own = report.verdict.items.map((item) => `${item.name}.${item.architecture} ${item.installedVersion}`);
    expect(own.sort()).toEqual(stdout.trim().split('\n').sort());
  });

  it('sees the candidates that its apt sees', async () => {
    // The base packages are offered by nobody here, and asking apt about each takes a while.
    const own = report.verdict.items.filter(({ name }) => name.startsWith('pb-'));
    expect(own.length).toBe(before.length);
    for (const { name, architecture } of own) {
      const asked = architecture === foreign ? `${name}:${foreign}` : name;
      const policy = (await root.run(['apt-cache', 'policy', asked])).stdout;
      const item = itemOf(name, architecture);
      expect([asked, item?.evidence.candidate]).toEqual([asked, /Candidate: (\S+)/.exec(policy)?.[1]]);
    }
  });

  it('phases what its apt phases, and takes what its apt takes', () => {
    expect(phased.map((name) => [name, itemOf(name)?.state])).toEqual(
      phased.map((name) => [name, isUpgraded(name) ? 'missing' : 'phased']),
    );
    // Otherwise it would prove nothing.
    expect(phased.filter(isUpgraded).length).toBeGreaterThan(0);
    expect(isUpgraded('pb-phased-0')).toBe(false);
  });

  it('takes foreign packages together with their native twins', () => {
    expect(isUpgraded('pb-both')).toBe(true);
    expect([
      itemOf('pb-both', nativeArchitecture)?.state,
      itemOf('pb-both', foreign)?.state,
      itemOf('pb-foreign', foreign)?.state,
    ]).toEqual(['missing', 'missing', 'missing']);
    const groups = report.simulation?.groups ?? [];
    const together = groups.find((group) => group.some(({ name }) => name === 'pb-both'));
    expect(together?.map(({ name, architecture }) => `${name}:${architecture}`).sort()).toEqual(
      [`pb-both:${nativeArchitecture}`, `pb-both:${foreign}`].sort(),
    );
  });

  it('does with a changed provider what its apt does', () => {
    const groups = report.simulation?.groups ?? [];
    const change = groups.find((group) => group.some(({ name }) => name === 'pb-server-a'));
    if (isUpgraded('pb-server-a')) {
      expect(itemOf('pb-server-a')?.state).toBe('missing');
      expect(change?.some(({ name }) => name === 'pb-server-b')).toBe(true);
    } else expect(['dependency-blocked', 'needs-removal']).toContain(itemOf('pb-server-a')?.state);
    expect([itemOf('pb-virtual')?.state, isUpgraded('pb-virtual')]).toEqual(['missing', true]);
    // Nothing is removed for it.
    expect(groups.flat().filter(({ action }) => action === 'remove')).toEqual([]);
  });
});
