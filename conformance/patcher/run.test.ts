import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServerError, UnreachableError } from '../../packages/agent/src/client/index.ts';
import { type Machine, openMachine } from '../../packages/agent/src/machine/index.ts';
import { patcherProgramFile } from '../../packages/agent/src/patcher/index.ts';
import { type RunParts, runPatchOperation } from '../../packages/agent/src/patcher/run.ts';
import { growArchives, hardCases } from '../support/test-packages.ts';
import { openControlPlane } from './control-plane-stand-in.ts';
import { openPatcherStage, type PatcherStage } from './patcher-stage.ts';

const cases = [hardCases.epoch, hardCases.failingScript, hardCases.needsRemoval];

let stage: PatcherStage;

beforeAll(async () => {
  stage = await openPatcherStage(cases);
  await growArchives(stage.archives.archives, cases);
});

afterAll(async () => {
  await stage?.close();
});

interface RunOptions {
  readonly rebootOption?: 'RebootIfNeeded' | 'NoReboot';
  readonly openMachine?: RunParts['openMachine'];
}

type Plane = Pick<RunParts, 'nodeId' | 'key' | 'server'>;

interface Run {
  readonly exitCode: number;
  readonly lines: string[];
  readonly complaints: string[];
}

function openStageMachine(access: Machine['access']): Promise<Machine> {
  return openMachine({ root: stage.root.directory, workDirectory: join(stage.folder, 'work'), access });
}

/** The root with the files of a running system laid over it: what a host is to the patcher. */
function openAsHost(files: ReadonlyMap<string, string>): RunParts['openMachine'] {
  return async (access) => {
    const machine = await openStageMachine(access);
    return {
      ...machine,
      kind: 'host',
      readFile: async (path) => {
        const text = files.get(path);
        return text === undefined ? await machine.readFile(path) : Buffer.from(text);
      },
      stat: async (path) =>
        files.has(path) ? { kind: 'file', modifiedAtMs: 0, sizeBytes: 0, inode: 1 } : await machine.stat(path),
    };
  };
}

async function run(
  operation: 'Scan' | 'Install' | 'Facts',
  runId: string,
  { nodeId, key, server }: Plane,
  { rebootOption = 'NoReboot', openMachine: open = openStageMachine }: RunOptions = {},
): Promise<Run> {
  const lines: string[] = [];
  const complaints: string[] = [];
  const runDirectory = join(stage.folder, 'runs', runId);
  await mkdir(runDirectory, { recursive: true });
  const exitCode = await runPatchOperation(
    { runId, commandId: null, stepName: '', operation, rebootOption, snapshotId: '', stateDirectory: stage.folder },
    {
      nodeId,
      key,
      openMachine: open,
      clockAheadSeconds: null,
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
    expect(await run('Facts', 'facts-1', plane)).toMatchObject({ exitCode: 0 });
    expect(await run('Facts', 'facts-2', plane)).toMatchObject({ exitCode: 0 });
    expect(plane.calls).toEqual(['SubmitFacts', 'SubmitFacts', 'SubmitFacts']);
  });

  it('scans, and reports what the control plane says', async () => {
    const before = await stage.listRoot();
    const { exitCode, lines } = await run('Scan', 'scan', plane);
    expect(exitCode).toBe(0);
    expect(lines.at(-1)).toBe('Verdict: non-compliant');
    expect(await stage.listRoot()).toBe(before);
  });

  it('installs by a signed plan, and fails when a part of it does', async () => {
    plane.calls.length = 0;
    const { exitCode, lines, complaints } = await run('Install', 'install', plane);
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

  it('lost while it told the end, tells the very same once more', async () => {
    plane.calls.length = 0;
    const { exitCode, lines } = await run('Install', 'install', plane);
    expect(exitCode).toBe(1);
    expect(lines).toEqual([expect.stringMatching(/^Verdict: /)]);
    expect(plane.calls).toEqual(['CompletePatchOperation']);
  });

  it('lost before, goes on with the plan and changes nothing twice', async () => {
    await rm(join(stage.folder, 'runs/install/completion.json'));
    const checkpointFile = join(stage.folder, 'runs/install/checkpoint.json');
    const checkpoint = JSON.parse(await readFile(checkpointFile, 'utf8'));
    await writeFile(checkpointFile, JSON.stringify({ ...checkpoint, outcomes: null }));
    plane.calls.length = 0;
    const before = await readFile(join(stage.root.directory, 'var/log/dpkg.log'), 'utf8');
    const { exitCode, lines } = await run('Install', 'install', plane);
    expect(exitCode).toBe(1);
    expect(lines[0]).toBe('Going on with plan plan');
    expect(plane.calls).toEqual(['SubmitFacts', 'CompletePatchOperation']);
    expect(await readFile(join(stage.root.directory, 'var/log/dpkg.log'), 'utf8')).toBe(before);
  });

  it('killed while the control plane was away, tells what it did when it is started again, and does no more', async () => {
    const told = plane.outcomes.length;
    const away: RunParts['server'] = {
      now: () => new Date(),
      callPatchbay: async (contract, input, options) => {
        if (contract.name !== 'CompletePatchOperation')
          return await plane.server.callPatchbay(contract, input, options);
        // A day of attempts, after which this start is as good as killed.
        expect(options?.patienceSeconds).toBe(86_400);
        throw new UnreachableError('NOT_CONNECTED', 'nobody is there');
      },
    };
    await rm(join(stage.folder, 'runs/install/completion.json'));
    await expect(run('Install', 'install', { ...plane, server: away })).rejects.toMatchObject({
      code: 'NOT_CONNECTED',
    });
    expect(plane.outcomes).toHaveLength(told);

    plane.calls.length = 0;
    const again = await run('Install', 'install', plane);
    expect(again).toMatchObject({ exitCode: 1 });
    expect(plane.calls).toEqual(['CompletePatchOperation']);
    expect(again.complaints).toEqual([expect.stringMatching(/groups did not go in/)]);
  });

  it('hands in facts again when others came in between', async () => {
    let refusals = 1;
    const strict: RunParts['server'] = {
      now: () => new Date(),
      callPatchbay: async (contract, input, options) => {
        if (contract.name === 'CompletePatchOperation' && refusals > 0) {
          refusals -= 1;
          plane.calls.push('refused');
          throw new ServerError('ValidationException', 'The facts are not what the node reported last', 400);
        }
        return await plane.server.callPatchbay(contract, input, options);
      },
    };
    plane.calls.length = 0;
    expect(await run('Install', 'install', { ...plane, server: strict })).toMatchObject({ exitCode: 1 });
    expect(plane.calls).toEqual(['refused', 'SubmitFacts', 'CompletePatchOperation']);
  });

  it('cannot tell while dpkg’s journal holds what its status lacks, and completes it before it installs', async () => {
    const crashed = openControlPlane('plan after a crash');
    const { outcomes } = crashed;
    // What dpkg leaves when it dies in a run: the status of before, and beside it what has changed since.
    const changed = await stage.root.run(['dpkg-query', '--status', 'pb-independent']);
    await stage.root.writeFile('/var/lib/dpkg/updates/0000', changed.stdout);
    const scan = await run('Scan', 'cut-off', crashed);
    expect(scan).toMatchObject({ exitCode: 1 });
    expect(scan.lines.at(-1)).toBe('Verdict: unknown');
    expect(scan.lines.join('\n')).toContain('run dpkg --configure -a');
    expect(scan.complaints.join('\n')).toContain('cannot be judged: dpkg is at work or was cut off');

    await stage.archives.archives.security.publish({ name: 'pb-independent', version: '1.0-1+deb12u9' });
    const install = await run('Install', 'after-cut-off', crashed);
    const states = outcomes.map(({ targets, status }) => `${targets[0]?.name} ${status}`);
    expect(states).toContain('pb-independent installed');
    expect(install.lines.at(-1)).not.toBe('Verdict: unknown');
    expect((await stage.root.run(['ls', '/var/lib/dpkg/updates'])).stdout).toBe('');
  });

  it('hands in a machine that it cannot read with the reason', async () => {
    const status = await stage.root.run(['cat', '/var/lib/dpkg/status']);
    await stage.root.writeFile('/var/lib/dpkg/status', 'Package: broken\nStatus: what is this thing\n');
    try {
      const { exitCode, lines, complaints } = await run('Scan', 'damaged', plane);
      expect(exitCode).toBe(1);
      expect(lines.at(-1)).toBe('Verdict: unknown');
      expect(lines.join('\n')).toContain('The package status of dpkg cannot be read');
      expect(complaints.join('\n')).toContain('The node cannot be judged');
    } finally {
      await stage.root.writeFile('/var/lib/dpkg/status', status.stdout);
    }
  });

  describe('on a host, when what was installed needs a reboot', () => {
    const bootIdFile = '/proc/sys/kernel/random/boot_id';
    const files = new Map([
      [bootIdFile, 'boot-1\n'],
      ['/run/reboot-required', ''],
      ['/run/reboot-required.pkgs', 'pb-independent\n'],
    ]);
    const options = { rebootOption: 'RebootIfNeeded', openMachine: openAsHost(files) } as const;
    const booting = openControlPlane('plan with a reboot');
    const { calls, outcomes, submitted } = booting;
    const rebootNote = { bootId: 'boot-1', requestedAt: '2026-11-22T10:00:00.000Z', problem: null };
    const noteReboot = (runId: string, problem: string | null) =>
      writeFile(join(stage.folder, 'runs', runId, 'reboot.json'), JSON.stringify({ ...rebootNote, problem }));

    it('asks for it with exit code 194, before the operation is completed', async () => {
      await stage.archives.archives.security.publish({ name: 'pb-independent', version: '1.0-1+deb12u10' });
      const { exitCode, lines } = await run('Install', 'reboot', booting, options);
      expect(exitCode).toBe(194);
      expect(lines.at(-1)).toContain('has to be rebooted: /run/reboot-required is there (pb-independent)');
      expect(calls).not.toContain('CompletePatchOperation');
      expect(submitted.at(-1)?.overlay.pendingReboot).toMatchObject([{ name: 'pb-independent' }]);
    });

    it('lost before it said so, asks again and installs nothing twice', async () => {
      const before = await readFile(join(stage.root.directory, 'var/log/dpkg.log'), 'utf8');
      expect(await run('Install', 'reboot', booting, options)).toMatchObject({ exitCode: 194 });
      expect(await readFile(join(stage.root.directory, 'var/log/dpkg.log'), 'utf8')).toBe(before);
    });

    it('looks again in the next boot and completes the operation once', async () => {
      await noteReboot('reboot', null);
      files.clear();
      files.set(bootIdFile, 'boot-2\n');
      const { lines } = await run('Install', 'reboot', booting, options);
      expect(lines.slice(0, 2)).toEqual([
        'Going on with plan plan with a reboot',
        'The machine was rebooted; looking at it once more',
      ]);
      expect(calls.filter((name) => name === 'CompletePatchOperation')).toHaveLength(1);
      expect(outcomes.map(({ targets, status }) => `${targets[0]?.name} ${status}`)).toContain(
        'pb-independent installed',
      );
      expect(submitted.at(-1)?.overlay).toMatchObject({ pendingReboot: [], bootId: 'boot-2' });
    });

    it('reboots also where there is nothing to install, but not for NoReboot or a cancelled command', async () => {
      files.set('/run/reboot-required', '');
      const idle = openControlPlane();
      const noReboot = { ...options, rebootOption: 'NoReboot' } as const;
      expect((await run('Install', 'no-reboot', idle, noReboot)).lines.join('\n')).toContain(
        'A reboot is due and not done, because the command says NoReboot',
      );
      expect(await run('Install', 'only-reboot', idle, options)).toMatchObject({ exitCode: 194 });
      await writeFile(join(stage.folder, 'runs/only-reboot/cancel-requested'), '');
      expect((await run('Install', 'only-reboot', idle, options)).exitCode).not.toBe(194);
      expect(await run('Scan', 'scan-pending', idle, options)).not.toMatchObject({ exitCode: 194 });
    });

    it('says what became of a reboot that did not happen', async () => {
      const idle = openControlPlane();
      expect(await run('Install', 'stays', idle, options)).toMatchObject({ exitCode: 194 });
      await noteReboot('stays', 'the machine refused');
      const { exitCode, complaints } = await run('Install', 'stays', idle, options);
      expect(exitCode).toBe(1);
      expect(complaints.at(-1)).toMatch(/A reboot is due .* and it did not happen: the machine refused/);
    });
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
