import { spawn } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { join } from 'node:path';
import { authorizationText, type PlanAuthorization, type SignedAuthorization } from '@patchbay/contracts';
import type { PatchBaseline, Plan, Simulation } from '@patchbay/facts';
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
import { type Machine, openMachine } from '../../packages/agent/src/machine/index.ts';
import {
  type CollectedFacts,
  collectFacts,
  type ExecuteRequest,
  simulateTargets,
} from '../../packages/agent/src/patcher/index.ts';
import { growArchives, type HardCase, hardCases } from '../support/test-packages.ts';
import { openPatcherStage, type PatcherStage } from './patcher-stage.ts';

const keys = generateKeyPairSync('ed25519');
const publicKey = keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
const key = { keyId: 'key-1', publicKey };
const nodeId = 'mi-0123456789abcdef0';

const baseline: PatchBaseline = parseBaselineFile({
  Name: 'everything',
  OperatingSystem: 'DEBIAN',
  ApprovalRules: {
    PatchRules: [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 0, EnableNonSecurity: true }],
  },
  RejectedPatches: ['pb-rejected'],
  RejectedPatchesAction: 'BLOCK',
});

export interface Prepared {
  readonly collected: CollectedFacts;
  readonly simulation: Simulation;
  readonly plan: Plan;
}

export function authorize(plan: Plan, more: Partial<PlanAuthorization> = {}): SignedAuthorization {
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

/** A stage with all hard cases, and what plans them. */
export async function openPlanStage(suite?: string, more: readonly HardCase[] = []) {
  const cases: readonly HardCase[] = [...Object.values(hardCases), ...more];
  const stage: PatcherStage = await openPatcherStage(cases, suite);
  await growArchives(stage.archives.archives, cases);
  return { ...openPlanner(stage), stage };
}

/** Plans for a root, made as the control plane makes them, for one baseline that approves everything. */
export function openPlanner(stage: Pick<PatcherStage, 'folder' | 'root'>) {
  let plans = 0;
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

  return { stateFile, openRoot, collect, judge, prepare, requestFor, versionOf };
}

/** Takes the lock that apt takes, as another package manager in the root would; the answer lets it go. */
export async function holdFrontendLock(root: PatcherStage['root']): Promise<() => Promise<void>> {
  const script =
    '$| = 1; open my $f, ">>", "/var/lib/dpkg/lock-frontend"; my $l = pack("s s x4 l! l! i x4", 1, 0, 0, 0, 0); fcntl($f, 6, $l) or die; print "locked\\n"; <STDIN>';
  const holder = spawn('chroot', [root.directory, 'perl', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => holder.once('exit', resolve));
  await Promise.race([ended, new Promise((resolve) => holder.stdout.once('data', resolve))]);
  return async () => {
    holder.stdin.end();
    await ended;
  };
}
