import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestArchives, type TestArchives } from './test-archive.ts';
import {
  growArchives,
  type HardCase,
  type HardCaseArchive,
  hardCaseReleases,
  hardCases,
  stageHardCases,
} from './test-packages.ts';
import { createTestRoot, prepareBaseRoot, type TestRoot } from './test-root.ts';

const cases: readonly HardCase[] = Object.values(hardCases);
let folder: string;
let archives: TestArchives<HardCaseArchive>;
let root: TestRoot;
let simulated: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hard-cases-'));
  archives = await startTestArchives(hardCaseReleases);
  root = await createTestRoot({
    base: await prepareBaseRoot(),
    directory: join(folder, 'root'),
    archives: Object.values(archives.archives),
    keyring: archives.keyring,
  });
  await stageHardCases({ root, archives: archives.archives }, cases);
  await growArchives(archives.archives, cases);
  await update();
  simulated = (await root.run(['apt-get', '-s', 'upgrade', '--with-new-pkgs'])).stdout;
});

afterAll(async () => {
  await root?.remove();
  await archives?.close();
  await rm(folder, { recursive: true });
});

async function update(): Promise<string> {
  // apt 2.6 with its default delay between retries was seen to hang when one of several archives refuses connections.
  const options = ['-o', 'APT::Update::Error-Mode=any', '-o', 'Acquire::Retries=0'];
  const result = await root.run(['apt-get', 'update', ...options]);
  return result.exitCode === 0 ? 'good' : result.stderr;
}

describe('the hard cases', () => {
  it.each(cases.flatMap(({ name, expected }) => Object.entries(expected).map(([of, what]) => ({ name, of, what }))))(
    '$name: apt sees $of as described',
    async ({ of, what }) => {
      const policy = (await root.run(['apt-cache', 'policy', of])).stdout;
      expect({
        installed: /Installed: (\S+)/.exec(policy)?.[1],
        candidate: /Candidate: (\S+)/.exec(policy)?.[1],
        isUpgraded: new RegExp(`^Inst ${of} `, 'm').test(simulated),
      }).toEqual(what);
    },
  );

  it('brings the new dependency along', () => {
    expect(simulated).toMatch(/^Inst pb-brought \(1\.0-1\+deb12u1 Debian-Security:oldstable-security\)?/m);
  });

  it('leaves the automatic mark on what came as a dependency', async () => {
    const marked = (await root.run(['apt-mark', 'showauto'])).stdout.split('\n');
    expect(marked).toContain('pb-automatic');
    expect(marked).not.toContain('pb-uses-automatic');
  });
});

describe('a test archive', () => {
  it.each([
    ['a signature by an unknown key', { signature: 'unknown-key' }, /NO_PUBKEY/],
    ['content changed after signing', { signature: 'corrupt' }, /BADSIG|invalid/],
    ['no signature', { signature: 'none' }, /is not signed|no longer signed/],
    ['a past Valid-Until', { validUntil: new Date('2020-01-02T00:00:00Z') }, /is expired/],
    ['a port on which nobody listens', { reachability: 'refused' }, /Connection refused/],
    ['a missing index', { reachability: 'index-missing' }, /404/],
    ['missing files', { reachability: 'missing' }, /does not have a Release file|no longer has a Release file/],
  ] as const)('shows apt %s', async (_case, condition, message) => {
    const { security } = archives.archives;
    await root.run(['rm', '-rf', '/var/lib/apt/lists']);
    await security.present(condition);
    expect(await update()).toMatch(message);
    await security.present({ signature: 'valid', reachability: 'reachable', validUntil: null });
    expect(await update()).toBe('good');
  });
});
