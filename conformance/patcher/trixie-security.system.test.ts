import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findDebianArchives } from '@patchbay/agent';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executePlan } from '../../packages/agent/src/patcher/index.ts';
import { createTestRoot, prepareBaseRoot, type TestRoot } from '../support/test-root.ts';
import { openPlanner } from './plan-stage.ts';

/** Packages that security updates are seldom far from, daemons and a library of everybody's among them. */
const packages = ['bind9-host', 'curl', 'openssh-server', 'openssl', 'sudo', 'vim-tiny'];
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

let folder: string;
let root: TestRoot;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trixie-'));
  root = await createTestRoot({
    base: await prepareBaseRoot({ suite: 'trixie', packages }),
    directory: join(folder, 'root'),
    archives: [],
    keyring: new Uint8Array(),
  });
  const { main, security } = await findDebianArchives();
  const stanza = (uri: string, suite: string) =>
    `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\nSigned-By: ${keyring}\n`;
  await root.writeFile(
    '/etc/apt/sources.list.d/test.sources',
    `${stanza(main, 'trixie')}\n${stanza(security, 'trixie-security')}`,
  );
  // The judge, plain apt in a chroot, gets no resolver lent.
  await root.writeFile('/etc/resolv.conf', await readFile('/etc/resolv.conf'));
});

afterAll(async () => {
  await root?.remove();
  await rm(folder, { recursive: true, force: true });
});

/** Name and version of all that the root's own apt would bring in, after a refresh of its own lists. */
async function askApt(): Promise<string[]> {
  const updated = await root.run(['apt-get', '-qq', 'update', '-o', 'APT::Update::Error-Mode=any']);
  expect(updated).toMatchObject({ exitCode: 0 });
  const { stdout } = await root.run(['apt-get', '-s', 'upgrade', '--with-new-pkgs']);
  return [...stdout.matchAll(/^Inst (\S+) .*?\((\S+)/gm)].map(([, name, version]) => `${name} ${version}`).sort();
}

describe('what Debian itself has for trixie', () => {
  it('is installed as its own apt would, and nothing is left over', async () => {
    const before = await askApt();
    // Otherwise it would prove nothing.
    expect(before).not.toEqual([]);
    const planner = openPlanner({ folder, root });
    const prepared = await planner.prepare(() => true);
    const changes = prepared.plan.groups.flatMap((group) => group.changes);
    expect(changes.map(({ name, toVersion }) => `${name} ${toVersion}`).sort()).toEqual(before);
    const machine = await planner.openRoot('read-write');
    const outcomes = await executePlan(planner.requestFor(machine, prepared));
    const { facts, doubts } = await planner.collect(machine, true);
    await machine.close();
    expect(outcomes.filter(({ status }) => status !== 'installed')).toEqual([]);
    expect(doubts).toEqual([]);
    expect(facts.offers.archives.map(({ address, status }) => `${address.suite} ${status}`).sort()).toEqual([
      'trixie current',
      'trixie-security current',
    ]);
    expect(await askApt()).toEqual([]);
    expect((await root.run(['dpkg', '--audit'])).stdout).toBe('');
  });
});
