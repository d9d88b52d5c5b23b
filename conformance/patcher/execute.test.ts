import { spawn } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { authorizationText, type PlanAuthorization, type SignedAuthorization } from '@patchbay/contracts';
import type { GroupOutcome, PatchBaseline, Plan, Simulation } from '@patchbay/facts';
import {
  blockedPackages,
  compileBaseline,
  defaultEvaluationSettings,
  emptyReleaseHistory,
  evaluate,
  makePlan,
  parseBaselineFile,
  planDigest,
  selectTargets,
} from '@patchbay/patching';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, openMachine } from '../../packages/agent/src/machine/index.ts';
import {
  type CollectedFacts,
  collectFacts,
  type ExecuteRequest,
  executePlan,
  simulateTargets,
} from '../../packages/agent/src/patcher/index.ts';
import { growArchives, type HardCase, hardCases } from '../support/test-packages.ts';
import { openPatcherStage, type PatcherStage } from './patcher-stage.ts';

const cases: readonly HardCase[] = Object.values(hardCases);
const keys = generateKeyPairSync('ed25519');
const publicKey = keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
const key = { keyId: 'key-1', publicKey };
const nodeId = 'mi-0123456789abcdef0';

let stage: PatcherStage;
let plans = 0;

beforeAll(async () => {
  stage = await openPatcherStage(cases);
  await growArchives(stage.archives.archives, cases);
});

afterAll(async () => {
  await stage?.close();
});

const baseline: PatchBaseline = parseBaselineFile({
  Name: 'everything',
  OperatingSystem: 'DEBIAN',
  ApprovalRules: {
    PatchRules: [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 0, EnableNonSecurity: true }],
  },
  RejectedPatches: ['pb-rejected'],
  RejectedPatchesAction: 'BLOCK',
});

const stateFile = () => join(stage.folder, 'patcher-state.json');

function openRoot(access: Machine['access']): Promise<Machine> {
  return openMachine({ root: stage.root.directory, workDirectory: join(stage.folder, 'work'), access });
}

async function collect(machine: Machine, refresh: boolean): Promise<CollectedFacts> {
  const cacheDirectory = join(stage.folder, 'cache');
  return await collectFacts({ machine, cacheDirectory, stateFile: stateFile(), refresh, now: new Date() });
}

function judge({ facts }: CollectedFacts, simulation: Simulation | null) {
  return evaluate({
    facts,
    factsReceivedAt: new Date(),
    baseline: compileBaseline(baseline, 1),
    history: emptyReleaseHistory,
    simulation,
    now: new Date(),
    settings: defaultEvaluationSettings,
  });
}

interface Prepared {
  readonly collected: CollectedFacts;
  readonly simulation: Simulation;
  readonly plan: Plan;
}

/** What the control plane would decide, for the targets that the filter lets through. */
async function prepare(isWanted: (name: string) => boolean): Promise<Prepared> {
  const machine = await openRoot('read-only');
  const collected = await collect(machine, true);
  const { facts, lists } = collected;
  const verdict = judge(collected, null);
  const wanted = { ...verdict, items: verdict.items.filter(({ name }) => isWanted(name)) };
  const blocked = blockedPackages(baseline, facts.policy).rejected;
  const simulation = await simulateTargets({ machine, lists, facts, targets: selectTargets(wanted), blocked });
  plans += 1;
  const outcome = makePlan({
    planId: `plan-${plans}`,
    nodeId,
    operationId: `operation-${plans}`,
    createdAt: new Date().toISOString(),
    verdict: wanted,
    simulation,
    baseline: compileBaseline(baseline, 1),
    installedDigest: '',
    policy: facts.policy,
    archives: facts.offers.archives,
  });
  await machine.close();
  if (!outcome.ok) throw new Error(outcome.problems.join('; '));
  return { collected, simulation, plan: outcome.plan };
}

function authorize(plan: Plan, more: Partial<PlanAuthorization> = {}): SignedAuthorization {
  const authorization: PlanAuthorization = {
    kind: 'plan',
    nodeId,
    operationId: plan.operationId,
    planId: plan.planId,
    planDigest: planDigest(plan),
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    ...more,
  };
  const signature = sign(null, Buffer.from(authorizationText(authorization)), keys.privateKey).toString('base64');
  return { authorization, keyId: key.keyId, signature };
}

function requestFor(
  machine: Machine,
  { collected, plan }: Prepared,
  more: Partial<ExecuteRequest> = {},
): ExecuteRequest {
  return {
    machine,
    lists: collected.lists,
    facts: collected.facts,
    plan,
    authorization: authorize(plan),
    key,
    nodeId,
    operationId: plan.operationId,
    blocked: ['pb-rejected'],
    runDirectory: join(stage.folder, 'runs', plan.planId),
    stateFile: stateFile(),
    now: () => new Date(),
    report: () => undefined,
    ...more,
  };
}

async function versionOf(name: string): Promise<string> {
  return (await stage.root.run(['dpkg-query', '-W', '-f', '${Version} ${db:Status-Status}', name])).stdout;
}

function statusOf(outcomes: readonly GroupOutcome[], name: string): string | undefined {
  return outcomes.find(({ targets }) => targets.some((target) => target.name === name))?.status;
}

/** Names alone: an update by the judge itself touches times. */
async function listCaches(): Promise<string> {
  return (await stage.root.run(['find', '/var/cache/apt', '/var/lib/apt'])).stdout;
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
    const machine = await openRoot('read-write');
    const prepared = await prepare((name) => name === 'pb-epoch');
    const before = await stage.listRoot();
    const request = requestFor(machine, prepared, tamper(prepared.plan));
    await expect(executePlan(request)).rejects.toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect(await stage.listRoot()).toBe(before);
    await machine.close();
  });

  it.each([
    ['its time is over', { expiresAt: '2026-01-01T00:00:00.000Z' }, {}],
    ['the command was cancelled', {}, { findHindrance: () => 'The command was cancelled' }],
  ])('is skipped when %s', async (_case, authorization, more) => {
    const machine = await openRoot('read-write');
    const prepared = await prepare((name) => name === 'pb-epoch');
    const outcomes = await executePlan(
      requestFor(machine, prepared, { authorization: authorize(prepared.plan, authorization), ...more }),
    );
    expect(statusOf(outcomes, 'pb-epoch')).toBe('skipped');
    expect(await versionOf('pb-epoch')).toBe('9.0-1 installed');
    await machine.close();
  });

  it('stops a group of which the archives now say something else', async () => {
    const machine = await openRoot('read-write');
    const prepared = await prepare((name) => name === 'pb-epoch');
    const [group] = prepared.plan.groups;
    const changes = group?.changes.map((change) => ({ ...change, indexDigest: `sha256:${'0'.repeat(64)}` })) ?? [];
    const plan = { ...prepared.plan, groups: [{ targets: group?.targets ?? [], changes }] };
    const outcomes = await executePlan(requestFor(machine, { ...prepared, plan }));
    expect(outcomes).toMatchObject([{ status: 'skipped', reason: expect.stringContaining('indexDigest') }]);
    expect(await versionOf('pb-epoch')).toBe('9.0-1 installed');
    await machine.close();
  });
});

describe('a plan that is cut short', () => {
  it('goes on in its own session, is found again, and is not run twice', async () => {
    await stage.archives.archives.security.publish({
      name: 'pb-undated',
      version: '1.0-1+deb12u9',
      scripts: { postinst: 'echo ran >>/var/pb-undated-ran; while [ ! -e /var/pb-undated-go ]; do sleep 0.1; done' },
    });
    const machine = await openRoot('read-write');
    const prepared = await prepare((name) => name === 'pb-undated');
    const { machine: _, now: __, report: ___, ...plain } = requestFor(machine, prepared);
    const module = (name: string) => new URL(`../../packages/agent/src/${name}/index.ts`, import.meta.url).href;
    const program = `
      const { openMachine } = await import(${JSON.stringify(module('machine'))});
      const { executePlan } = await import(${JSON.stringify(module('patcher'))});
      const machine = await openMachine(${JSON.stringify({ root: stage.root.directory, workDirectory: join(stage.folder, 'work'), access: 'read-write' })});
      await executePlan({ ...${JSON.stringify(plain)}, machine, now: () => new Date(), report: () => {} });`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'inherit' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const ran = join(stage.root.directory, 'var/pb-undated-ran');
    await expect.poll(() => existsSync(ran), { timeout: 60_000, interval: 50 }).toBe(true);
    child.kill('SIGKILL');
    await ended;
    expect(await versionOf('pb-undated')).toContain('1.0-1+deb12u9');
    const finished = executePlan(requestFor(machine, prepared));
    await stage.root.writeFile('/var/pb-undated-go', '');
    expect(await finished).toMatchObject([{ status: 'installed' }]);
    expect(await readFile(ran, 'utf8')).toBe('ran\n');
    expect(await executePlan(requestFor(machine, prepared))).toMatchObject([{ status: 'installed' }]);
    expect(await readFile(ran, 'utf8')).toBe('ran\n');
    await machine.close();
  });

  it('judges a group that was begun and left no trace by what is installed', async () => {
    const machine = await openRoot('read-write');
    const prepared = await prepare((name) => name === 'pb-epoch');
    const request = requestFor(machine, prepared);
    await mkdir(request.runDirectory, { recursive: true });
    const at = new Date().toISOString();
    const journal = [
      { kind: 'plan-begun', planId: prepared.plan.planId, at, automatic: [] },
      { kind: 'group-begun', group: 0, at },
    ];
    await writeFile(
      join(request.runDirectory, 'journal.jsonl'),
      `${journal.map((entry) => JSON.stringify(entry)).join('\n')}\n{"kind":"group-en`,
    );
    const outcomes = await executePlan(request);
    expect(outcomes).toMatchObject([{ status: 'failed', reason: expect.stringContaining('pb-epoch is at 9.0-1') }]);
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
    marksBefore = (await stage.root.run(['apt-mark', 'showauto'])).stdout;
    prepared = await prepare(() => true);
    const machine = await openRoot('read-write');
    outcomes = await executePlan(requestFor(machine, prepared, { report: (line) => lines.push(line) }));
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
    expect(await versionOf('pb-independent')).toBe('1.0-1+deb12u1 installed');
    expect(await versionOf('pb-epoch')).toBe('1:1.0-1 installed');
    expect(await versionOf('pb-hidden')).toBe('1.0-1+deb12u2 installed');
    expect(await versionOf('pb-held')).toBe('1.0-1 installed');
    expect(await versionOf('pb-pinned')).toBe('1.0-1 installed');
    expect(await versionOf('pb-rejected')).toBe('1.0-1 installed');
    expect(await versionOf('pb-victim')).toBe('1.0-1 installed');
    expect(lines.join('\n')).toMatch(/dpkg --audit says:[\s\S]*pb-failing/);
  });

  it('leaves nothing of ours in the machine', async () => {
    expect(await listCaches()).toBe(cachesBefore);
    expect((await stage.root.run(['find', '/', '-xdev', '-name', '*patchbay*'])).stdout).toBe('');
    expect((await stage.root.run(['ls', '/usr/sbin/policy-rc.d'])).exitCode).not.toBe(0);
    expect(existsSync(join(stage.folder, 'work/shared/cache/archives'))).toBe(false);
  });

  it('leaves apt nothing that was approved but what failed or was refused', async () => {
    await stage.root.run(['apt-get', '-qq', 'update']);
    const simulated = (await stage.root.run(['apt-get', '-s', 'upgrade', '--with-new-pkgs'])).stdout;
    const names = [...simulated.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? '');
    expect(names.sort()).toEqual(['pb-needs-rejected', 'pb-rejected']);
  });

  it('keeps the owner’s file and the automatic marks', async () => {
    expect(await readFile(join(stage.root.directory, 'etc/pb-conffile.conf'), 'utf8')).toBe('changed by hand\n');
    const marks = (await stage.root.run(['apt-mark', 'showauto'])).stdout;
    expect(marks.split('\n').sort()).toEqual([...marksBefore.split('\n'), 'pb-brought'].sort());
  });

  it('makes the failure part of the facts until the next attempt', async () => {
    const machine = await openRoot('read-only');
    const collected = await collect(machine, false);
    const verdict = judge(collected, prepared.simulation);
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
    await stage.archives.archives.security.publish({ name: 'pb-failing', version: '1.0-1+deb12u2' });
    const prepared = await prepare((name) => name === 'pb-failing');
    const script =
      '$| = 1; open my $f, ">>", "/var/lib/dpkg/lock-frontend"; my $l = pack("s s x4 l! l! i x4", 1, 0, 0, 0, 0); fcntl($f, 6, $l) or die; print "locked\\n"; <STDIN>';
    const holder = spawn('chroot', [stage.root.directory, 'perl', '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => holder.once('exit', resolve));
    await Promise.race([ended, new Promise((resolve) => holder.stdout.once('data', resolve))]);
    const machine = await openRoot('read-write');
    const lines: string[] = [];
    const outcomes = await executePlan(
      requestFor(machine, prepared, { lockWaitSeconds: 1, report: (line) => lines.push(line) }),
    );
    holder.stdin.end();
    await ended;
    await machine.close();
    expect(outcomes).toMatchObject([
      { status: 'failed', reason: expect.stringContaining('/var/lib/dpkg/lock-frontend is held by') },
    ]);
    expect(lines.join('\n')).toContain('Waiting: ');
  });

  it('repairs what the failed one left half done', async () => {
    const prepared = await prepare((name) => name === 'pb-failing');
    const machine = await openRoot('read-write');
    const outcomes = await executePlan(requestFor(machine, prepared));
    expect(outcomes).toMatchObject([{ status: 'installed' }]);
    expect(await versionOf('pb-failing')).toBe('1.0-1+deb12u2 installed');
    expect((await stage.root.run(['dpkg', '--audit'])).stdout).toBe('');
    expect((await collect(machine, false)).facts.overlay).toMatchObject({ failures: [], unconfigured: [] });
    await machine.close();
  });

  it('does not install a file that is not the one of the plan', async () => {
    await stage.archives.archives.security.publish({ name: 'pb-independent', version: '1.0-1+deb12u2' });
    const prepared = await prepare((name) => name === 'pb-independent');
    const { security } = stage.archives.archives;
    await security.withdraw('pb-independent', '1.0-1+deb12u2');
    const machine = await openRoot('read-write');
    const gone = await executePlan(requestFor(machine, prepared));
    expect(gone).toMatchObject([{ status: 'failed', reason: expect.stringContaining('could not be fetched') }]);
    await security.publish({ name: 'pb-independent', version: '1.0-1+deb12u2', files: { '/var/another': 'content' } });
    const request = requestFor(machine, prepared, { runDirectory: join(stage.folder, 'runs/other-content') });
    expect(await executePlan(request)).toMatchObject([
      { status: 'failed', reason: expect.stringMatching(/fetched|not the file/) },
    ]);
    expect(await versionOf('pb-independent')).toBe('1.0-1+deb12u1 installed');
    await machine.close();
  });
});
