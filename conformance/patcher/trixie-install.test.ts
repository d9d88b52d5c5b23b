import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GroupOutcome } from '@patchbay/facts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executePlan } from '../../packages/agent/src/patcher/index.ts';
import { hardCases } from '../support/test-packages.ts';
import { holdFrontendLock, openPlanStage } from './plan-stage.ts';

let tools: Awaited<ReturnType<typeof openPlanStage>>;
let outcomes: GroupOutcome[];
let marksBefore: string;

const listMarks = async () => (await tools.stage.root.run(['apt-mark', 'showauto'])).stdout.split('\n');
const complain = async () => (await tools.stage.root.run(['dpkg', '--audit'])).stdout;

/** What the root's own apt would still do, after a refresh of its own lists, which it verifies by itself. */
async function askApt(): Promise<string[]> {
  const { root } = tools.stage;
  const updated = await root.run(['apt-get', '-qq', 'update', '-o', 'APT::Update::Error-Mode=any']);
  expect(updated).toMatchObject({ exitCode: 0, stderr: '' });
  const { stdout } = await root.run(['apt-get', '-s', 'upgrade', '--with-new-pkgs']);
  return [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name = '']) => name).sort();
}

beforeAll(async () => {
  tools = await openPlanStage('trixie');
  marksBefore = (await listMarks()).join('\n');
});

afterAll(async () => {
  await tools?.stage.close();
});

describe('an install on trixie', () => {
  beforeAll(async () => {
    const before = await askApt();
    // Otherwise it would prove nothing.
    expect(before.length).toBeGreaterThan(8);
    const prepared = await tools.prepare(() => true);
    const machine = await tools.openRoot('read-write');
    outcomes = await executePlan(tools.requestFor(machine, prepared));
    await machine.close();
  });

  it('has archives that only sqv can have verified', async () => {
    const { root } = tools.stage;
    expect(await root.run(['cat', '/etc/debian_version'])).toMatchObject({ stdout: expect.stringMatching(/^13\./) });
    expect((await root.run(['test', '-x', '/usr/bin/sqv'])).exitCode).toBe(0);
    expect((await root.run(['test', '-e', '/usr/bin/gpgv'])).exitCode).not.toBe(0);
  });

  it('lets everything go in but what fails', async () => {
    const failed = outcomes.filter(({ status }) => status !== 'installed');
    expect(failed).toMatchObject([
      { targets: [{ name: 'pb-failing' }], reason: expect.stringContaining('pb-failing cannot be configured') },
    ]);
    for (const { expected } of Object.values(hardCases)) {
      for (const [name, { candidate }] of Object.entries<{ candidate: string; isUpgraded: boolean }>(expected)) {
        const { stdout } = await tools.stage.root.run(['dpkg-query', '-W', '-f', '${Version}', name]);
        if (!['pb-held', 'pb-remover', 'pb-rejected', 'pb-needs-rejected'].includes(name)) {
          expect([name, stdout]).toEqual([name, candidate]);
        }
      }
    }
  });

  it('leaves its apt nothing but what was held, failed or refused', async () => {
    expect(await askApt()).toEqual(['pb-needs-rejected', 'pb-rejected']);
  });

  it('keeps the owner’s file and the automatic marks', async () => {
    const { directory } = tools.stage.root;
    expect(await readFile(join(directory, 'etc/pb-conffile.conf'), 'utf8')).toBe('changed by hand\n');
    expect((await listMarks()).sort()).toEqual([...marksBefore.split('\n'), 'pb-brought'].sort());
  });
});

describe('the attempt after a failure on trixie', () => {
  it('waits for the lock, names who holds it, and gives up when its time is over', async () => {
    await tools.stage.archives.archives.security.publish({ name: 'pb-failing', version: '1.0-1+deb12u2' });
    const prepared = await tools.prepare((name) => name === 'pb-failing');
    const letGo = await holdFrontendLock(tools.stage.root);
    const machine = await tools.openRoot('read-write');
    const lines: string[] = [];
    const report = (line: string) => lines.push(line);
    const waited = await executePlan(tools.requestFor(machine, prepared, { lockWaitSeconds: 1, report }));
    await letGo();
    await machine.close();
    expect(waited).toMatchObject([
      { status: 'skipped', reason: expect.stringContaining('/var/lib/dpkg/lock-frontend is held by') },
    ]);
    expect(lines.join('\n')).toContain('Waiting: ');
  });

  it('repairs what the failed one left half done', async () => {
    const prepared = await tools.prepare((name) => name === 'pb-failing');
    const machine = await tools.openRoot('read-write');
    expect(await executePlan(tools.requestFor(machine, prepared))).toMatchObject([{ status: 'installed' }]);
    await machine.close();
    expect(await complain()).toBe('');
  });

  it.each(['postinst', 'preinst'] as const)('lets others go in after dpkg was killed in a %s', async (script) => {
    const version = `1.0-1+deb13u${script === 'postinst' ? '1' : '2'}`;
    const dying = `if [ ! -e /var/killed-${script} ]; then : >/var/killed-${script}; kill -9 $PPID; sleep 60; fi`;
    await tools.stage.archives.archives.security.publish(
      { name: 'pb-delayed', version, scripts: { [script]: dying } },
      { name: 'pb-stream', version },
    );
    const prepared = await tools.prepare((name) => name === 'pb-delayed' || name === 'pb-stream');
    const machine = await tools.openRoot('read-write');
    const killed = await executePlan(tools.requestFor(machine, prepared));
    await machine.close();
    expect(killed.map(({ status }) => status)).toEqual(['failed', 'installed']);
    for (const name of ['pb-delayed', 'pb-stream']) expect(await tools.versionOf(name)).toBe(`${version} installed`);
    expect(await complain()).toBe('');
  });
});
