import {
  debianRelease,
  debianSecurityRelease,
  debianUpdatesRelease,
  type TestArchive,
  type TestRelease,
} from './test-archive.ts';
import type { TestPackage } from './test-package-build.ts';
import type { TestRoot } from './test-root.ts';

/** The archives that the hard cases need. */
export type HardCaseArchive = 'main' | 'security' | 'updates';

export const hardCaseReleases: Readonly<Record<HardCaseArchive, TestRelease>> = {
  main: debianRelease,
  security: debianSecurityRelease,
  updates: debianUpdatesRelease,
};

/** The same archives under the names of another Debian. */
export function hardCaseReleasesOf(suite: string): Readonly<Record<HardCaseArchive, TestRelease>> {
  const named = (release: TestRelease): TestRelease => ({
    ...release,
    codename: release.codename.replace(debianRelease.codename, suite),
  });
  const { main, security, updates } = hardCaseReleases;
  return { main: named(main), security: named(security), updates: named(updates) };
}

type Published = Readonly<Partial<Record<HardCaseArchive, readonly TestPackage[]>>>;

/** What apt, the judge, says about one package once everything is published. */
export interface ExpectedOfApt {
  readonly installed: string;
  readonly candidate: string;
  /** Whether `apt-get -s upgrade --with-new-pkgs` takes the candidate. */
  readonly isUpgraded: boolean;
}

/** One situation that a patch manager gets wrong easily, as data. */
export interface HardCase {
  readonly name: string;
  /** Why it is hard, in one sentence. */
  readonly reason: string;
  /** Published before the installation. */
  readonly before: Published;
  /** Installed from `before`, as apt takes arguments. */
  readonly installs: readonly string[];
  /** Done to the node after the installation. */
  readonly policy?: {
    readonly holds?: readonly string[];
    readonly automatic?: readonly string[];
    /** Files of the node, absolute paths. */
    readonly files?: Readonly<Record<string, string>>;
  };
  /** Published afterwards, one step after the other: a step is one moment at which the archives grow. */
  readonly after: readonly Published[];
  readonly expected: Readonly<Record<string, ExpectedOfApt>>;
}

const depends = (text: string) => ({ depends: text });
const upgraded = (installed: string, candidate: string): ExpectedOfApt => ({ installed, candidate, isUpgraded: true });
const kept = (installed: string, candidate: string): ExpectedOfApt => ({ installed, candidate, isUpgraded: false });

export function testPackage(name: string, version: string, more: Partial<TestPackage> = {}): TestPackage {
  return { name, version, ...more };
}

export const hardCases = {
  held: {
    name: 'held',
    reason: 'The owner of the machine put it on hold: missing, with that reason, and never installed.',
    before: { main: [testPackage('pb-held', '1.0-1')] },
    installs: ['pb-held'],
    policy: { holds: ['pb-held'] },
    after: [{ security: [testPackage('pb-held', '1.0-1+deb12u1')] }],
    expected: { 'pb-held': kept('1.0-1', '1.0-1+deb12u1') },
  },
  pinned: {
    name: 'pinned',
    reason: 'A preference keeps the installed version: the package manager itself has no newer candidate.',
    before: { main: [testPackage('pb-pinned', '1.0-1')] },
    installs: ['pb-pinned'],
    policy: {
      files: {
        '/etc/apt/preferences.d/pb-pinned':
          'Explanation: the application needs 1.0\nPackage: pb-pinned\nPin: version 1.0-1\nPin-Priority: 1001\n',
      },
    },
    after: [{ security: [testPackage('pb-pinned', '1.0-1+deb12u1')] }],
    expected: { 'pb-pinned': kept('1.0-1', '1.0-1') },
  },
  rejectedDependency: {
    name: 'rejected dependency',
    reason: 'Rejecting pb-rejected must block pb-needs-rejected under BLOCK, and not under ALLOW_AS_DEPENDENCY.',
    before: {
      main: [
        testPackage('pb-rejected', '1.0-1'),
        testPackage('pb-needs-rejected', '1.0-1', depends('pb-rejected (>= 1.0-1)')),
      ],
    },
    installs: ['pb-needs-rejected'],
    after: [
      {
        security: [
          testPackage('pb-rejected', '1.0-1+deb12u1'),
          testPackage('pb-needs-rejected', '1.0-1+deb12u1', depends('pb-rejected (>= 1.0-1+deb12u1)')),
        ],
      },
    ],
    expected: {
      'pb-rejected': upgraded('1.0-1', '1.0-1+deb12u1'),
      'pb-needs-rejected': upgraded('1.0-1', '1.0-1+deb12u1'),
    },
  },
  delayed: {
    name: 'delayed',
    reason: 'What was there at the first look is undated and approved; what appears later waits its days.',
    before: { main: [testPackage('pb-delayed', '1.0-1'), testPackage('pb-undated', '1.0-1')] },
    installs: ['pb-delayed', 'pb-undated'],
    after: [
      { security: [testPackage('pb-undated', '1.0-1+deb12u1')] },
      { security: [testPackage('pb-delayed', '1.0-1+deb12u1')] },
    ],
    expected: {
      'pb-undated': upgraded('1.0-1', '1.0-1+deb12u1'),
      'pb-delayed': upgraded('1.0-1', '1.0-1+deb12u1'),
    },
  },
  stream: {
    name: 'stream of newer builds',
    reason: 'A newer build every day must not push the approval of the first fix away for ever.',
    before: { main: [testPackage('pb-stream', '1.0-1')] },
    installs: ['pb-stream'],
    after: [1, 2, 3].map((step) => ({ security: [testPackage('pb-stream', `1.0-1+deb12u${step}`)] })),
    expected: { 'pb-stream': upgraded('1.0-1', '1.0-1+deb12u3') },
  },
  hiddenFix: {
    name: 'hidden fix',
    reason: 'The candidate comes from an archive that is no security archive, with the fix on the way to it.',
    before: { main: [testPackage('pb-hidden', '1.0-1')] },
    installs: ['pb-hidden'],
    after: [
      { security: [testPackage('pb-hidden', '1.0-1+deb12u1')] },
      { updates: [testPackage('pb-hidden', '1.0-1+deb12u2')] },
    ],
    expected: { 'pb-hidden': upgraded('1.0-1', '1.0-1+deb12u2') },
  },
  mainIsNewer: {
    name: 'main is newer than security',
    reason: 'The point release took the fix over at a higher version: still a security update.',
    before: { main: [testPackage('pb-main-newer', '1.0-1')] },
    installs: ['pb-main-newer'],
    after: [
      { security: [testPackage('pb-main-newer', '1.0-1+deb12u1')] },
      { main: [testPackage('pb-main-newer', '1.0-2')] },
    ],
    expected: { 'pb-main-newer': upgraded('1.0-1', '1.0-2') },
  },
  needsRemoval: {
    name: 'needs a removal',
    reason: 'The update conflicts with an installed package: missing with that reason, never chosen by itself.',
    before: { main: [testPackage('pb-remover', '1.0-1'), testPackage('pb-victim', '1.0-1')] },
    installs: ['pb-remover', 'pb-victim'],
    after: [{ security: [testPackage('pb-remover', '1.0-1+deb12u1', { conflicts: 'pb-victim' })] }],
    expected: { 'pb-remover': kept('1.0-1', '1.0-1+deb12u1'), 'pb-victim': kept('1.0-1', '1.0-1') },
  },
  failingScript: {
    name: 'failing postinst',
    reason: 'The install fails half-way: failed, with the reason, and the independent groups go on.',
    before: { main: [testPackage('pb-failing', '1.0-1'), testPackage('pb-independent', '1.0-1')] },
    installs: ['pb-failing', 'pb-independent'],
    after: [
      {
        security: [
          testPackage('pb-failing', '1.0-1+deb12u1', {
            scripts: { postinst: 'echo "pb-failing cannot be configured" >&2\nexit 1' },
          }),
          testPackage('pb-independent', '1.0-1+deb12u1'),
        ],
      },
    ],
    expected: {
      'pb-failing': upgraded('1.0-1', '1.0-1+deb12u1'),
      'pb-independent': upgraded('1.0-1', '1.0-1+deb12u1'),
    },
  },
  changedConffile: {
    name: 'changed conffile',
    reason: 'The local file is kept, nobody is asked, and the package is configured.',
    before: { main: [testPackage('pb-conffile', '1.0-1', { conffiles: { '/etc/pb-conffile.conf': 'shipped 1\n' } })] },
    installs: ['pb-conffile'],
    policy: { files: { '/etc/pb-conffile.conf': 'changed by hand\n' } },
    after: [
      {
        security: [
          testPackage('pb-conffile', '1.0-1+deb12u1', { conffiles: { '/etc/pb-conffile.conf': 'shipped 2\n' } }),
        ],
      },
    ],
    expected: { 'pb-conffile': upgraded('1.0-1', '1.0-1+deb12u1') },
  },
  automatic: {
    name: 'automatic package',
    reason: 'Installed by name during patching, it must keep its mark or it is never removed again.',
    before: {
      main: [testPackage('pb-automatic', '1.0-1'), testPackage('pb-uses-automatic', '1.0-1', depends('pb-automatic'))],
    },
    installs: ['pb-uses-automatic'],
    after: [{ security: [testPackage('pb-automatic', '1.0-1+deb12u1')] }],
    expected: { 'pb-automatic': upgraded('1.0-1', '1.0-1+deb12u1'), 'pb-uses-automatic': kept('1.0-1', '1.0-1') },
  },
  epoch: {
    name: 'epoch',
    reason: 'Only the epoch makes it newer, and the file name does not show it.',
    before: { main: [testPackage('pb-epoch', '9.0-1')] },
    installs: ['pb-epoch'],
    after: [{ security: [testPackage('pb-epoch', '1:1.0-1')] }],
    expected: { 'pb-epoch': upgraded('9.0-1', '1:1.0-1') },
  },
  growing: {
    name: 'new dependency',
    reason: 'The update brings a new package along: an item of the plan, not a missing patch.',
    before: { main: [testPackage('pb-growing', '1.0-1')] },
    installs: ['pb-growing'],
    after: [
      {
        security: [
          testPackage('pb-growing', '1.0-1+deb12u1', depends('pb-brought')),
          testPackage('pb-brought', '1.0-1+deb12u1'),
        ],
      },
    ],
    expected: { 'pb-growing': upgraded('1.0-1', '1.0-1+deb12u1') },
  },
} as const satisfies Readonly<Record<string, HardCase>>;

export interface HardCaseStage {
  readonly root: TestRoot;
  readonly archives: Readonly<Record<HardCaseArchive, TestArchive>>;
}

/** Publishes what comes first, installs it and applies the owner's policy, for all cases in one go. */
export async function stageHardCases(stage: HardCaseStage, cases: readonly HardCase[]): Promise<void> {
  await publishTogether(
    stage.archives,
    cases.map((hardCase) => hardCase.before),
  );
  await stage.root.install(...cases.flatMap((hardCase) => hardCase.installs));
  for (const { policy } of cases) {
    for (const [path, content] of Object.entries(policy?.files ?? {})) await stage.root.writeFile(path, content);
    await mark(stage.root, 'hold', policy?.holds ?? []);
    await mark(stage.root, 'auto', policy?.automatic ?? []);
  }
}

/** Lets the archives grow by one step, counted from 0, of every case; without a step, by all of them. */
export async function growArchives(
  archives: HardCaseStage['archives'],
  cases: readonly HardCase[],
  step?: number,
): Promise<void> {
  const steps = cases.flatMap(({ after }) => (step === undefined ? after : after.slice(step, step + 1)));
  await publishTogether(archives, steps);
}

async function publishTogether(archives: HardCaseStage['archives'], published: readonly Published[]): Promise<void> {
  for (const name of ['main', 'security', 'updates'] as const) {
    const packages = published.flatMap((step) => step[name] ?? []);
    if (packages.length > 0) await archives[name].publish(...packages);
  }
}

async function mark(root: TestRoot, verb: 'hold' | 'auto', names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const result = await root.run(['apt-mark', verb, ...names]);
  if (result.exitCode !== 0) throw new Error(`apt-mark ${verb} failed: ${result.stderr}`);
}
