import { execFile } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  authorizationText,
  CompletePatchOperation,
  type OperationContract,
  type PlanAuthorization,
  ProposePlan,
  SubmitFacts,
} from '@patchbay/contracts';
import type { GroupOutcome, NodeFacts, Simulation, UnknownReason } from '@patchbay/facts';
import { contentDigest } from '@patchbay/facts/digest';
import {
  compileBaseline,
  countPatches,
  defaultEvaluationSettings,
  emptyReleaseHistory,
  evaluate,
  makePlan,
  planDigest,
  predefinedBaselineFor,
  selectTargets,
} from '@patchbay/patching';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { patcherProgramFile } from '../../packages/agent/src/patcher/index.ts';
import { type RunParts, runPatchOperation } from '../../packages/agent/src/patcher/run.ts';
import { growArchives, hardCases } from '../support/test-packages.ts';
import { openPatcherStage, type PatcherStage } from './patcher-stage.ts';

const nodeId = 'mi-0123456789abcdef0';
const keys = generateKeyPairSync('ed25519');
const key = { keyId: 'k', publicKey: keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64') };
const compiled = compileBaseline(predefinedBaselineFor('DEBIAN'), 1);
const cases = [hardCases.epoch, hardCases.failingScript, hardCases.needsRemoval];

/** The control plane's half of the conversation, on plain values: its decisions are the real ones. */
function openControlPlane(planId = 'plan') {
  const units = new Map<string, unknown>();
  const submitted: NodeFacts[] = [];
  const calls: string[] = [];
  const outcomes: GroupOutcome[] = [];
  let known: UnknownReason[] = [];
  const judge = (facts: NodeFacts | undefined, simulation: Simulation | null) =>
    evaluate({
      facts: facts ?? null,
      factsReceivedAt: new Date(),
      baseline: compiled,
      history: emptyReleaseHistory,
      simulation,
      now: new Date(),
      settings: defaultEvaluationSettings,
      furtherDoubts: known,
    });
  const answer = (name: string, input: unknown): unknown => {
    const facts = submitted.at(-1);
    switch (name) {
      case 'SubmitFacts': {
        const { operatingSystem, overlay, doubts, ...given } = SubmitFacts.input.parse(input);
        for (const { digest, content } of Object.values(given)) {
          if (content === undefined) continue;
          expect(contentDigest(content)).toBe(digest);
          units.set(digest, content);
        }
        const missing = Object.entries(given).flatMap(([unit, { digest }]) => (units.has(digest) ? [] : [unit]));
        if (missing.length > 0) return { factsId: null, missing };
        const contents = Object.entries(given).map(([unit, { digest }]) => [unit, units.get(digest)]);
        known = doubts;
        submitted.push({ operatingSystem, overlay, ...Object.fromEntries(contents) } as NodeFacts);
        return { factsId: `facts-${submitted.length}`, missing: [] };
      }
      case 'BeginPatchOperation': {
        const { status, unknownReasons, ...verdict } = judge(facts, null);
        const baseline = { baselineId: 'pb', name: 'predefined' };
        return {
          operationId: 'operation',
          baseline,
          targets: selectTargets(verdict),
          blocked: [],
          status,
          unknownReasons,
        };
      }
      case 'ProposePlan': {
        const { simulation } = ProposePlan.input.parse(input);
        const made = makePlan({
          planId,
          nodeId,
          operationId: 'operation',
          createdAt: new Date().toISOString(),
          verdict: judge(facts, null),
          simulation,
          baseline: compiled,
          installedDigest: '',
          policy: { holds: [] },
          archives: facts?.offers.archives ?? [],
        });
        if (!made.ok) return { plan: null, authorization: null, refused: simulation.refused };
        const authorization: PlanAuthorization = {
          kind: 'plan',
          nodeId,
          operationId: 'operation',
          planId,
          planDigest: planDigest(made.plan),
          expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
        };
        const signature = sign(null, Buffer.from(authorizationText(authorization)), keys.privateKey).toString('base64');
        return {
          plan: made.plan,
          authorization: { authorization, keyId: key.keyId, signature },
          refused: simulation.refused,
        };
      }
      default: {
        const completion = CompletePatchOperation.input.parse(input);
        outcomes.push(...completion.outcomes);
        const verdict = judge(facts, completion.simulation);
        const report = [`Verdict: ${verdict.status}`];
        return {
          status: verdict.status,
          counts: countPatches(verdict),
          unknownReasons: verdict.unknownReasons,
          report,
        };
      }
    }
  };
  const server: RunParts['server'] = {
    now: () => new Date(),
    async callPatchbay<Input extends z.ZodType, Output extends z.ZodType>(
      contract: OperationContract<Input, Output>,
      input: z.input<Input>,
    ): Promise<z.output<Output>> {
      calls.push(contract.name);
      return contract.output.parse(answer(contract.name, JSON.parse(JSON.stringify(input))));
    },
  };
  return { server, submitted, calls, outcomes };
}

let stage: PatcherStage;

beforeAll(async () => {
  stage = await openPatcherStage(cases);
  await growArchives(stage.archives.archives, cases);
});

afterAll(async () => {
  await stage?.close();
});

interface Run {
  readonly exitCode: number;
  readonly lines: string[];
  readonly complaints: string[];
}

async function run(operation: 'Scan' | 'Install' | 'Facts', runId: string, server: RunParts['server']): Promise<Run> {
  const lines: string[] = [];
  const complaints: string[] = [];
  const runDirectory = join(stage.folder, 'runs', runId);
  await mkdir(runDirectory, { recursive: true });
  const exitCode = await runPatchOperation(
    {
      runId,
      commandId: null,
      stepName: '',
      operation,
      rebootOption: 'NoReboot',
      snapshotId: '',
      stateDirectory: stage.folder,
    },
    {
      nodeId,
      key,
      root: stage.root.directory,
      workDirectory: join(stage.folder, 'work'),
      cacheDirectory: join(stage.folder, 'patcher'),
      stateFile: join(stage.folder, 'patcher-state.json'),
      runDirectory,
      server,
      report: (line) => lines.push(line),
      complain: (line) => complaints.push(line),
      recordCounts: () => {},
    },
  );
  return { exitCode, lines, complaints };
}

describe('the patcher', () => {
  const plane = openControlPlane();

  it('hands in facts, the second time as digests only', async () => {
    expect(await run('Facts', 'facts-1', plane.server)).toMatchObject({ exitCode: 0 });
    expect(await run('Facts', 'facts-2', plane.server)).toMatchObject({ exitCode: 0 });
    expect(plane.calls).toEqual(['SubmitFacts', 'SubmitFacts', 'SubmitFacts']);
  });

  it('scans, and reports what the control plane says', async () => {
    const before = await stage.listRoot();
    const { exitCode, lines } = await run('Scan', 'scan', plane.server);
    expect(exitCode).toBe(0);
    expect(lines.at(-1)).toBe('Verdict: non-compliant');
    expect(await stage.listRoot()).toBe(before);
  });

  it('installs by a signed plan, and fails when a part of it does', async () => {
    plane.calls.length = 0;
    const { exitCode, lines, complaints } = await run('Install', 'install', plane.server);
    expect(plane.calls).toEqual([
      'SubmitFacts',
      'BeginPatchOperation',
      'ProposePlan',
      'SubmitFacts',
      'SubmitFacts',
      'CompletePatchOperation',
    ]);
    expect(exitCode).toBe(1);
    expect(complaints).toEqual([expect.stringMatching(/^1 of \d+ groups did not go in; the first, because: /)]);
    expect(lines.join('\n')).toContain('Not in the plan: pb-remover');
    const states = plane.outcomes.map(({ targets, status }) => `${targets[0]?.name} ${status}`).sort();
    expect(states).toEqual(['pb-epoch installed', 'pb-failing failed', 'pb-independent installed']);
    expect(plane.submitted.at(-1)?.overlay.failures).toMatchObject([{ name: 'pb-failing' }]);
  });

  it('started again with the same run directory, goes on with the plan and changes nothing twice', async () => {
    plane.calls.length = 0;
    const before = await readFile(join(stage.root.directory, 'var/log/dpkg.log'), 'utf8');
    const { exitCode, lines } = await run('Install', 'install', plane.server);
    expect(exitCode).toBe(1);
    expect(lines[0]).toBe('Going on with plan plan');
    expect(plane.calls).toEqual(['SubmitFacts', 'CompletePatchOperation']);
    expect(await readFile(join(stage.root.directory, 'var/log/dpkg.log'), 'utf8')).toBe(before);
  });

  it('cannot tell while dpkg’s journal holds what its status lacks, and completes it before it installs', async () => {
    const { server, outcomes } = openControlPlane('plan after a crash');
    // What dpkg leaves when it dies in a run: the status of before, and beside it what has changed since.
    const changed = await stage.root.run(['dpkg-query', '--status', 'pb-independent']);
    await stage.root.writeFile('/var/lib/dpkg/updates/0000', changed.stdout);
    const scan = await run('Scan', 'cut-off', server);
    expect(scan).toMatchObject({ exitCode: 1 });
    expect(scan.lines.at(-1)).toBe('Verdict: unknown');
    expect(scan.lines.join('\n')).toContain('run dpkg --configure -a');
    expect(scan.complaints.join('\n')).toContain('cannot be judged: dpkg is at work or was cut off');

    await stage.archives.archives.security.publish({ name: 'pb-independent', version: '1.0-1+deb12u9' });
    const install = await run('Install', 'after-cut-off', server);
    const states = outcomes.map(({ targets, status }) => `${targets[0]?.name} ${status}`);
    expect(states).toContain('pb-independent installed');
    expect(install.lines.at(-1)).not.toBe('Verdict: unknown');
    expect((await stage.root.run(['ls', '/var/lib/dpkg/updates'])).stdout).toBe('');
  });

  it('hands in a machine that it cannot read with the reason', async () => {
    const status = await stage.root.run(['cat', '/var/lib/dpkg/status']);
    await stage.root.writeFile('/var/lib/dpkg/status', 'Package: broken\nStatus: what is this thing\n');
    try {
      const { exitCode, lines, complaints } = await run('Scan', 'damaged', plane.server);
      expect(exitCode).toBe(1);
      expect(lines.at(-1)).toBe('Verdict: unknown');
      expect(lines.join('\n')).toContain('The package status of dpkg cannot be read');
      expect(complaints.join('\n')).toContain('The node cannot be judged');
    } finally {
      await stage.root.writeFile('/var/lib/dpkg/status', status.stdout);
    }
  });

  it('as a program ends with a result, also when it cannot begin', async () => {
    const state = join(stage.folder, 'state');
    const runDirectory = join(state, 'runs/one');
    await mkdir(runDirectory, { recursive: true, mode: 0o700 });
    await writeFile(
      join(runDirectory, 'request.json'),
      JSON.stringify({
        runId: 'one',
        commandId: null,
        operation: 'Scan',
        rebootOption: 'NoReboot',
        snapshotId: '',
        stateDirectory: state,
      }),
    );
    await promisify(execFile)('chmod', ['700', state]);
    const failed = promisify(execFile)(process.execPath, [patcherProgramFile, '--state', state, '--run', runDirectory]);
    await expect(failed).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('no complete enrolment') });
    expect(JSON.parse(await readFile(join(runDirectory, 'result.json'), 'utf8'))).toMatchObject({ exitCode: 1 });
  });
});
