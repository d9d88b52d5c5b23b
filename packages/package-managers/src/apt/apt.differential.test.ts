import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InstalledPackage, Pin } from '@patchbay/facts';
import { versionSchemes } from '@patchbay/versioning';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archiveTargets } from './archives.ts';
import { parseDpkgStatus } from './dpkg-status.ts';
import { computeOffers, type OfferedIndex } from './offers.ts';
import { type AptOptions, aptArguments, commandEnvironment } from './options.ts';
import { readPackagesIndex } from './packages-index.ts';
import { parsePreferences } from './preferences.ts';
import { parseRelease } from './release.ts';

const isAptInstalled = spawnSync('apt-get', ['--version']).status === 0;
const base = mkdtempSync(join(tmpdir(), 'apt-differential-'));
const options: AptOptions = {
  listsDirectory: join(base, 'lists'),
  cacheDirectory: join(base, 'cache'),
  configFile: null,
  lockTimeoutSeconds: 0,
};
const sources = join(base, 'sources.list.d');
const preferences = join(base, 'preferences');
const settings = [
  ...aptArguments(options),
  '-o',
  `Dir::Etc::sourcelist=${join(base, 'none')}`,
  '-o',
  `Dir::Etc::sourceparts=${sources}`,
  '-o',
  `Dir::Etc::preferences=${preferences}`,
  '-o',
  `Dir::Etc::preferencesparts=${join(base, 'none.d')}`,
];

function run(program: string, argv: readonly string[]): string {
  return execFileSync(program, argv, {
    encoding: 'utf8',
    env: { ...commandEnvironment },
    maxBuffer: 256 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 90_000,
  });
}

/** An archive of empty packages in a folder, for `deb [trusted=yes] file:`. */
function writeArchive(name: string, release: string, packages: readonly (readonly [string, string, string])[]): void {
  const folder = join(base, name, 'dists/stable/main/binary-amd64');
  mkdirSync(folder, { recursive: true });
  const stanzas = packages.map(
    ([name, architecture, version]) =>
      `Package: ${name}\nVersion: ${version}\nArchitecture: ${architecture}\nMaintainer: A <a@example.test>\nFilename: pool/${name}_${version.replace(':', '%3a')}.deb\nSize: 100\nSHA256: ${'0'.repeat(64)}\nDescription: none\n`,
  );
  const index = stanzas.join('\n');
  writeFileSync(join(folder, 'Packages'), index);
  const sum = createHash('sha256').update(index).digest('hex');
  writeFileSync(
    join(base, name, 'dists/stable/Release'),
    `${release}Architectures: amd64\nComponents: main\nDate: Sat, 01 Nov 2025 00:00:00 UTC\nSHA256:\n ${sum} ${index.length} main/binary-amd64/Packages\n`,
  );
  writeFileSync(join(sources, `${name}.list`), `deb [trusted=yes arch=amd64] file:${join(base, name)} stable main\n`);
}

interface PolicyAnswer {
  candidate: string | null;
  versions: Map<string, { priority: number; archives: string[] }>;
}

function byText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** What `apt-cache policy` prints, by package. */
function askApt(
  installed: readonly InstalledPackage[],
  native: string,
  defaultRelease: string | null,
): Map<string, PolicyAnswer> {
  const names = installed.map(({ name, architecture }) => `${name}:${architecture === 'all' ? native : architecture}`);
  const release = defaultRelease === null ? [] : ['-o', `APT::Default-Release=${defaultRelease}`];
  const answers = new Map<string, PolicyAnswer>();
  let answer: PolicyAnswer | null = null;
  let version = '';
  for (const line of run('apt-cache', [...settings, ...release, 'policy', ...names]).split('\n')) {
    const header = /^(\S+):$/.exec(line);
    const candidate = /^ {2}Candidate: (\S+)$/.exec(line);
    const row = /^ (?:\*\*\*| {3}) (\S+) (-?\d+)(?: \(phased \d+%\))?$/.exec(line);
    const archive = /^ {7,}-?\d+ (.+)$/.exec(line);
    if (header?.[1] !== undefined) {
      answer = { candidate: null, versions: new Map() };
      answers.set(header[1].includes(':') ? header[1] : `${header[1]}:${native}`, answer);
    } else if (answer !== null && candidate?.[1] !== undefined) {
      answer.candidate = candidate[1] === '(none)' ? null : candidate[1];
    } else if (answer !== null && row?.[1] !== undefined) {
      version = row[1];
      const known = answer.versions.get(version);
      const priority = Math.max(Number(row[2]), known?.priority ?? Number.NEGATIVE_INFINITY);
      answer.versions.set(version, { priority, archives: known?.archives ?? [] });
    } else if (answer !== null && archive?.[1] !== undefined && !archive[1].endsWith('/status')) {
      answer.versions.get(version)?.archives.push(archive[1]);
    }
  }
  return answers;
}

/** What our own reader makes of the same files. */
function askOurselves(
  installed: readonly InstalledPackage[],
  native: string,
  pins: Pin[],
  defaultRelease: string | null,
) {
  const query = archiveTargets(options);
  const argv = [...settings, ...query.argv.slice(query.argv.indexOf('indextargets'))];
  const targets = query.parse({ exitCode: 0, stdout: run('apt-get', argv), stderr: '' });
  const wanted = new Set(installed.map(({ name }) => name));
  const indexes = targets.map((target, archive): OfferedIndex => {
    const releaseFilename = target.releaseFilenames.find((name) => existsSync(name));
    return {
      archive,
      address: target.address,
      release: releaseFilename === undefined ? null : parseRelease(readFileSync(releaseFilename, 'utf8')),
      stanzas: readPackagesIndex(readIndex(target.filename), wanted),
    };
  });
  const { offers, uncomparable } = computeOffers({ installed, indexes, architecture: native, pins, defaultRelease });
  expect(uncomparable).toEqual([]);
  const lines = targets.map(
    ({ address }) => `${address.uri} ${address.suite}/${address.component} ${address.architecture} Packages`,
  );
  return { offers, lines };
}

function readIndex(filename: string): Uint8Array {
  if (filename.endsWith('_Packages')) return readFileSync(filename);
  return execFileSync('/usr/lib/apt/apt-helper', ['cat-file', filename], { maxBuffer: 256 * 1024 * 1024 });
}

function compareWithApt(
  installed: readonly InstalledPackage[],
  pinText: string,
  defaultRelease: string | null = null,
): void {
  const native = run('dpkg', ['--print-architecture']).trim();
  writeFileSync(preferences, pinText);
  const answers = askApt(installed, native, defaultRelease);
  const { offers, lines } = askOurselves(installed, native, parsePreferences(pinText, preferences), defaultRelease);
  expect(offers).toHaveLength(installed.length);
  const expected: unknown[] = [];
  const actual: unknown[] = [];
  for (const [index, offer] of offers.entries()) {
    const key = `${offer.name}:${offer.architecture === 'all' ? native : offer.architecture}`;
    const answer = answers.get(key);
    const installedVersion = installed[index]?.version ?? '';
    const table = [...(answer?.versions ?? [])].filter(
      ([version, { archives }]) => archives.length > 0 && versionSchemes.dpkg.compare(version, installedVersion) >= 0,
    );
    expected.push({
      key,
      candidate: answer?.candidate,
      versions: table.map(([version, { priority, archives }]) => [version, priority, archives.toSorted(byText)]),
    });
    actual.push({
      key,
      candidate: offer.candidate,
      versions: offer.versions.map((version) => [
        version.version,
        version.pinPriority,
        version.archives.map((position) => lines[position] ?? '').toSorted(byText),
      ]),
    });
  }
  expect(actual).toEqual(expected);
}

describe.skipIf(!isAptInstalled)('offers beside apt-cache policy', () => {
  let installed: InstalledPackage[] = [];

  beforeAll(() => {
    for (const folder of ['lists/partial', 'cache/archives/partial', 'sources.list.d', 'none.d']) {
      mkdirSync(join(base, folder), { recursive: true });
    }
    installed = parseDpkgStatus(readFileSync('/var/lib/dpkg/status')).installed;
    for (const name of readdirSync('/etc/apt/sources.list.d')) {
      cpSync(join('/etc/apt/sources.list.d', name), join(sources, name));
    }
    if (existsSync('/etc/apt/sources.list')) cpSync('/etc/apt/sources.list', join(sources, 'main.list'));
    const lists = existsSync('/var/lib/apt/lists') ? readdirSync('/var/lib/apt/lists') : [];
    const hasLists = lists.some((name) => name.includes('_Packages'));
    // The machine's own lists as they are, compressed or not; a fresh machine has none and fetches its own.
    if (hasLists) {
      for (const name of lists.filter((name) => /_(Packages|Release|InRelease)/.test(name))) {
        cpSync(join('/var/lib/apt/lists', name), join(base, 'lists', name));
      }
    } else run('apt-get', [...settings, 'update']);
  }, 120_000);

  afterAll(() => rmSync(base, { recursive: true, force: true }));

  it("agrees about every installed package under the machine's own sources", { timeout: 120_000 }, () => {
    expect(installed.length).toBeGreaterThan(50);
    compareWithApt(installed, '');
  });

  describe('with local archives', () => {
    beforeAll(() => {
      const has = new Map(installed.map((one) => [one.name, one]));
      const same = (name: string): string => has.get(name)?.version ?? '1';
      writeArchive('vendor', 'Origin: Vendor\nLabel: Vendor Stable\nSuite: stable\nCodename: venus\nVersion: 7.2\n', [
        ['bash', 'amd64', '99:1'],
        ['sed', 'amd64', '0~1'],
        ['grep', 'amd64', '99.1-1'],
        ['grep', 'amd64', '99.2-1'],
        ['tar', 'amd64', same('tar')],
        ['adduser', 'amd64', '999'],
        ['gzip', 'i386', '999'],
      ]);
      writeArchive(
        'experiment',
        'Origin: Lab\nLabel: Lab\nSuite: experiment\nCodename: rc-buggy\nNotAutomatic: yes\n',
        [
          ['grep', 'amd64', '100-1'],
          ['dpkg', 'amd64', '100'],
        ],
      );
      writeArchive(
        'backports',
        'Origin: Lab\nLabel: Backports\nSuite: lab-backports\nCodename: lab-backports\nNotAutomatic: yes\nButAutomaticUpgrades: yes\n',
        [
          ['grep', 'amd64', '98-1'],
          ['coreutils', 'amd64', '98-1'],
        ],
      );
      const extra = join(base, 'extra');
      mkdirSync(extra);
      for (const name of ['vendor', 'experiment', 'backports']) {
        cpSync(join(sources, `${name}.list`), join(extra, `${name}.list`));
      }
      run('apt-get', [
        ...settings,
        '-o',
        `Dir::Etc::sourceparts=${extra}`,
        '-o',
        'APT::Get::List-Cleanup=false',
        '-o',
        'APT::Sandbox::User=root',
        'update',
      ]);
    }, 120_000);

    it.each<[string, string]>([
      ['no pins', ''],
      ['a release pin by suite', 'Package: *\nPin: release a=experiment\nPin-Priority: 900\n'],
      ['a release pin by codename with a glob', 'Package: *\nPin: release n=lab-*\nPin-Priority: 600\n'],
      ['a release pin by origin and label', 'Package: *\nPin: release o=Vendor, l=Vendor Stable\nPin-Priority: 50\n'],
      ['a release pin by version and component', 'Package: *\nPin: release v=7*,c=main\nPin-Priority: -1\n'],
      ['a release pin by bare name', 'Package: *\nPin: release venus\nPin-Priority: 30\n'],
      ['an origin pin on local archives', 'Package: *\nPin: origin ""\nPin-Priority: 20\n'],
      ['an origin pin by host name', 'Package: *\nPin: origin "deb.*"\nPin-Priority: 800\n'],
      ['a downgrade that the priority allows', 'Package: sed\nPin: release o=Vendor\nPin-Priority: 1001\n'],
      ['a downgrade at exactly 1000', 'Package: sed\nPin: release o=Vendor\nPin-Priority: 1000\n'],
      ['a downgrade that the priority forbids', 'Package: sed\nPin: release o=Vendor\nPin-Priority: 999\n'],
      ['a version pin', 'Package: grep\nPin: version 99.1-1\nPin-Priority: 990\n'],
      ['a version pin with a prefix', 'Package: grep\nPin: version 99.*\nPin-Priority: 990\n'],
      ['a pin that forbids one version', 'Package: bash\nPin: version 99:*\nPin-Priority: -10\n'],
      ['a glob of names', 'Package: g*\nPin: release o=Vendor\nPin-Priority: -5\n'],
      ['a regular expression of names', 'Package: /^(gr|ba)/\nPin: release o=Vendor\nPin-Priority: 40\n'],
      ['several names', 'Package: grep bash\nPin: release o=Vendor\nPin-Priority: 40\n'],
      ['a source package', 'Package: src:grep\nPin: version 100*\nPin-Priority: 995\n'],
      ['a foreign architecture', 'Package: grep:i386\nPin: release o=Vendor\nPin-Priority: -1\n'],
      ['any architecture', 'Package: grep:any\nPin: release o=Vendor\nPin-Priority: -1\n'],
      [
        'the first of two specific pins',
        'Package: grep\nPin: release o=Lab\nPin-Priority: 700\n\nPackage: grep\nPin: release a=experiment\nPin-Priority: 5\n',
      ],
      [
        'a specific pin over a general one',
        'Package: *\nPin: release o=Vendor\nPin-Priority: 10\n\nPackage: bash\nPin: release o=Vendor\nPin-Priority: 510\n',
      ],
      ['the status file pinned', 'Package: *\nPin: release a=now\nPin-Priority: 1001\n'],
      ['everything forbidden', 'Package: *\nPin: release *\nPin-Priority: -1\n'],
      ['letters of another case', 'Package: *\nPin: release o=vENDOR\nPin-Priority: 33\n'],
    ])('agrees with %s', { timeout: 120_000 }, (_, pinText) => {
      compareWithApt(touched(), pinText);
    });

    it.each(['lab-backports', 'experiment', 'venus', '7*', 'a=now', 'bookworm'])(
      'agrees with the default release %s, which comes before any pin',
      { timeout: 120_000 },
      (defaultRelease) => {
        const pinText = 'Package: *\nPin: release o=Lab\nPin-Priority: 450\n';
        compareWithApt(touched(), pinText, defaultRelease);
      },
    );

    function touched(): InstalledPackage[] {
      const names = 'bash sed grep tar adduser gzip dpkg coreutils apt base-files'.split(' ');
      return installed.filter(({ name }) => names.includes(name));
    }
  });
});
