import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GroupOutcome, Plan } from '@patchbay/facts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executePlan } from '../../packages/agent/src/patcher/index.ts';
import { runTool } from '../support/run-tool.ts';
import { authorize, holdFrontendLock, openPlanStage, type Prepared } from './plan-stage.ts';

let tools: Awaited<ReturnType<typeof openPlanStage>>;

beforeAll(async () => {
  tools = await openPlanStage();
});

afterAll(async () => {
  await tools?.stage.close();
});

function statusOf(outcomes: readonly GroupOutcome[], name: string): string | undefined {
  return outcomes.find(({ targets }) => targets.some((target) => target.name === name))?.status;
}

/** Names alone: an update by the judge itself touches times. */
async function listCaches(): Promise<string> {
  return (await tools.stage.root.run(['find', '/var/cache/apt', '/var/lib/apt'])).stdout;
}

describe('a plan that must not be carried out', () => {
  it.each([
    [
      'an unsigned change',
      (plan: Plan) => ({ plan: { ...plan, diskBytes: plan.diskBytes + 1 }, authorization: authorize(plan) }),
    ],
    ['another node', (plan: Plan) => ({ plan, authorization: authorize(plan, { nodeId: 'mi-00000000000000000' }) })],
    ['another operation', (plan: Plan) => ({ plan, authorization: authorize(plan, { operationId: 'another' }) })],
    [
      'a damaged signature',
      (plan: Plan) => ({ plan, authorization: { ...authorize(plan), signature: Buffer.alloc(64).toString('base64') } }),
    ],
    ['another key', (plan: Plan) => ({ plan, authorization: { ...authorize(plan), keyId: 'key-2' } })],
  ])('is refused for %s, and nothing changes', async (_case, tamper) => {
    const machine = await tools.openRoot('read-write');
    const prepared = await tools.prepare((name) => name === 'pb-epoch');
    const before = await tools.stage.listRoot();
    const request = tools.requestFor(machine, prepared, tamper(prepared.plan));
    await expect(executePlan(request)).rejects.toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect(await tools.stage.listRoot()).toBe(before);
    await machine.close();
  });

  it.each([
    ['its time is over', { expiresAt: '2026-01-01T00:00:00.000Z' }, {}],
    ['the command was cancelled', {}, { findHindrance: () => 'The command was cancelled' }],
  ])('is skipped when %s', async (_case, authorization, more) => {
    const machine = await tools.openRoot('read-write');
    const prepared = await tools.prepare((name) => name === 'pb-epoch');
    const outcomes = await executePlan(
      tools.requestFor(machine, prepared, { authorization: authorize(prepared.plan, authorization), ...more }),
    );
    expect(statusOf(outcomes, 'pb-epoch')).toBe('skipped');
    expect(await tools.versionOf('pb-epoch')).toBe('9.0-1 installed');
    await machine.close();
  });

  it('is skipped where a disk has no room, with where and how much, before anything is fetched', async () => {
    const boot = join(tools.stage.root.directory, 'boot');
    await runTool(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', boot]);
    try {
      await runTool([
        'truncate',
        '--size',
        '300K',
        join(boot, 'vmlinuz-6.1.0-18-amd64'),
        join(boot, 'initrd.img-6.1.0-18-amd64'),
      ]);
      const machine = await tools.openRoot('read-write');
      const prepared = await tools.prepare((name) => name === 'pb-epoch');
      const [group] = prepared.plan.groups;
      const kernel = { name: 'linux-image-6.1.0-22-amd64', action: 'install', fromVersion: null } as const;
      const changes = group?.changes.map((change) => ({ ...change, ...kernel })) ?? [];
      const plan = { ...prepared.plan, groups: [{ targets: group?.targets ?? [], changes }] };
      const lines: string[] = [];
      const outcomes = await executePlan(
        tools.requestFor(machine, { ...prepared, plan }, { report: (line) => lines.push(line) }),
      );
      expect(outcomes).toMatchObject([{ status: 'skipped', reason: expect.stringMatching(/missing on \/boot: /) }]);
      expect(lines.join('\n')).not.toContain('Fetching');
      expect((await tools.stage.root.run(['dpkg', '--audit'])).stdout).toBe('');
      await machine.close();
    } finally {
      await runTool(['umount', boot]);
    }
  });

  it('stops a group of which the archives now say something else', async () => {
    const machine = await tools.openRoot('read-write');
    const prepared = await tools.prepare((name) => name === 'pb-epoch');
    const [group] = prepared.plan.groups;
    const changes = group?.changes.map((change) => ({ ...change, indexDigest: `sha256:${'0'.repeat(64)}` })) ?? [];
    const plan = { ...prepared.plan, groups: [{ targets: group?.targets ?? [], changes }] };
    const outcomes = await executePlan(tools.requestFor(machine, { ...prepared, plan }));
    expect(outcomes).toMatchObject([{ status: 'skipped', reason: expect.stringContaining('indexDigest') }]);
    expect(await tools.versionOf('pb-epoch')).toBe('9.0-1 installed');
    await machine.close();
  });
});

describe('a plan for all hard cases', () => {
  let prepared: Prepared;
  let outcomes: GroupOutcome[];
  let marksBefore: string;
  let cachesBefore: string;
  const lines: string[] = [];

  beforeAll(async () => {
    cachesBefore = await listCaches();
    marksBefore = (await tools.stage.root.run(['apt-mark', 'showauto'])).stdout;
    prepared = await tools.prepare(() => true);
    const machine = await tools.openRoot('read-write');
    outcomes = await executePlan(tools.requestFor(machine, prepared, { report: (line) => lines.push(line) }));
    await machine.close();
  });

  it('holds independent groups apart and refuses what needs a removal or a blocked package', () => {
    const groups = prepared.plan.groups.map(({ changes }) => changes.map(({ name }) => name).sort());
    expect(groups).toContainEqual(['pb-brought', 'pb-growing']);
    expect(groups).toContainEqual(['pb-failing']);
    expect(groups).toContainEqual(['pb-independent']);
    const refused = prepared.simulation.refused.map(({ name, reason }) => `${name} ${reason}`).sort();
    expect(refused).toEqual(['pb-needs-rejected dependency-blocked', 'pb-remover needs-removal']);
  });

  it('lets everything go in but the one that fails', async () => {
    const failed = outcomes.filter(({ status }) => status !== 'installed');
    expect(failed).toMatchObject([
      {
        targets: [{ name: 'pb-failing' }],
        status: 'failed',
        reason: expect.stringContaining('pb-failing cannot be configured'),
      },
    ]);
    expect(await tools.versionOf('pb-independent')).toBe('1.0-1+deb12u1 installed');
    expect(await tools.versionOf('pb-epoch')).toBe('1:1.0-1 installed');
    expect(await tools.versionOf('pb-hidden')).toBe('1.0-1+deb12u2 installed');
    expect(await tools.versionOf('pb-held')).toBe('1.0-1 installed');
    expect(await tools.versionOf('pb-pinned')).toBe('1.0-1 installed');
    expect(await tools.versionOf('pb-rejected')).toBe('1.0-1 installed');
    expect(await tools.versionOf('pb-victim')).toBe('1.0-1 installed');
    expect(lines.join('\n')).toMatch(/dpkg --audit says:[\s\S]*pb-failing/);
  });

  it('leaves nothing of ours in the machine', async () => {
    expect(await listCaches()).toBe(cachesBefore);
    expect((await tools.stage.root.run(['find', '/', '-xdev', '-name', '*patchbay*'])).stdout).toBe('');
    expect((await tools.stage.root.run(['ls', '/usr/sbin/policy-rc.d'])).exitCode).not.toBe(0);
    expect(existsSync(join(tools.stage.folder, 'work/shared/cache/archives'))).toBe(false);
  });

  it('leaves apt nothing that was approved but what failed or was refused', async () => {
    await tools.stage.root.run(['apt-get', '-qq', 'update']);
    const simulated = (await tools.stage.root.run(['apt-get', '-s', 'upgrade', '--with-new-pkgs'])).stdout;
    const names = [...simulated.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? '');
    expect(names.sort()).toEqual(['pb-needs-rejected', 'pb-rejected']);
  });

  it('keeps the owner’s file and the automatic marks', async () => {
    expect(await readFile(join(tools.stage.root.directory, 'etc/pb-conffile.conf'), 'utf8')).toBe('changed by hand\n');
    const marks = (await tools.stage.root.run(['apt-mark', 'showauto'])).stdout;
    expect(marks.split('\n').sort()).toEqual([...marksBefore.split('\n'), 'pb-brought'].sort());
  });

  it('makes the failure part of the facts until the next attempt', async () => {
    const machine = await tools.openRoot('read-only');
    const collected = await tools.collect(machine, false);
    const verdict = tools.judge(collected, prepared.simulation);
    const states = verdict.items.filter(({ state }) => !state.startsWith('installed'));
    expect(states.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'pb-failing failed',
      'pb-held held',
      'pb-needs-rejected dependency-blocked',
      'pb-pinned pinned',
      'pb-remover needs-removal',
    ]);
    expect(states[0]?.reason).toContain('pb-failing cannot be configured');
    await machine.close();
  });
});

describe('the attempt after a failure', () => {
  it('waits for the lock, names who holds it, and gives up when its time is over', async () => {
    await tools.stage.archives.archives.security.publish({ name: 'pb-failing', version: '1.0-1+deb12u2' });
    const prepared = await tools.prepare((name) => name === 'pb-failing');
    const letGo = await holdFrontendLock(tools.stage.root);
    const machine = await tools.openRoot('read-write');
    const lines: string[] = [];
    const outcomes = await executePlan(
      tools.requestFor(machine, prepared, { lockWaitSeconds: 1, report: (line) => lines.push(line) }),
    );
    await letGo();
    await machine.close();
    expect(outcomes).toMatchObject([
      { status: 'skipped', reason: expect.stringContaining('/var/lib/dpkg/lock-frontend is held by') },
    ]);
    expect(lines.join('\n')).toContain('Waiting: ');
  });

  it('repairs what the failed one left half done', async () => {
    const prepared = await tools.prepare((name) => name === 'pb-failing');
    const machine = await tools.openRoot('read-write');
    const outcomes = await executePlan(tools.requestFor(machine, prepared));
    expect(outcomes).toMatchObject([{ status: 'installed' }]);
    expect(await tools.versionOf('pb-failing')).toBe('1.0-1+deb12u2 installed');
    expect((await tools.stage.root.run(['dpkg', '--audit'])).stdout).toBe('');
    expect((await tools.collect(machine, false)).facts.overlay).toMatchObject({ failures: [], unconfigured: [] });
    await machine.close();
  });

  it('does not install a file that is not the one of the plan', async () => {
    await tools.stage.archives.archives.security.publish({ name: 'pb-independent', version: '1.0-1+deb12u2' });
    const prepared = await tools.prepare((name) => name === 'pb-independent');
    const { security } = tools.stage.archives.archives;
    await security.withdraw('pb-independent', '1.0-1+deb12u2');
    const machine = await tools.openRoot('read-write');
    const gone = await executePlan(tools.requestFor(machine, prepared));
    expect(gone).toMatchObject([{ status: 'failed', reason: expect.stringContaining('could not be fetched') }]);
    await security.publish({ name: 'pb-independent', version: '1.0-1+deb12u2', files: { '/var/another': 'content' } });
    const request = tools.requestFor(machine, prepared, {
      runDirectory: join(tools.stage.folder, 'runs/other-content'),
    });
    expect(await executePlan(request)).toMatchObject([
      { status: 'failed', reason: expect.stringMatching(/fetched|not the file/) },
    ]);
    expect(await tools.versionOf('pb-independent')).toBe('1.0-1+deb12u1 installed');
    await machine.close();
  });
});
