import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultEnvironment } from './machine/index.ts';
import { openPatchRuns, type PatchRuns } from './patch-run.ts';
import { createPatchRunQueue } from './patch-run-queue.ts';
import { makePrivateDirectory } from './test-support/private-directory.ts';
import { createTestTimers } from './test-support/test-timers.ts';

const patcherProgram = [join(import.meta.dirname, 'test-support/patcher-stand-in.ts')];
const forever = new AbortController().signal;

interface TestRuns {
  readonly runs: PatchRuns;
  /** The same directory as an agent finds it that was started anew. */
  readonly reopen: () => PatchRuns;
  readonly letGo: (runId: string) => void;
  readonly directory: string;
}

function openTestRuns(behaviour: string, program = patcherProgram): TestRuns {
  const stateDirectory = makePrivateDirectory();
  const directory = join(stateDirectory, 'runs');
  mkdirSync(directory, { mode: 0o700 });
  writeFileSync(join(stateDirectory, 'behaviour'), behaviour);
  const open = () =>
    openPatchRuns({
      stateDirectory,
      directory,
      patcherProgram: program,
      environment: defaultEnvironment,
      timers: createTestTimers(),
    });
  return {
    runs: open(),
    reopen: open,
    directory,
    letGo: (runId) => writeFileSync(join(directory, runId, 'go'), ''),
  };
}

const requestOf = (runId: string) =>
  ({ runId, commandId: runId, operation: 'Install', rebootOption: 'NoReboot', snapshotId: '' }) as const;

describe('a run of the patcher', () => {
  it('ends with the exit code and the outputs of the patcher', async () => {
    const { runs } = openTestRuns('fail');
    runs.start(requestOf('a'));
    const end = await runs.awaitRun('a', forever);
    expect(end).toMatchObject({ kind: 'finished', exitCode: 3, standardError: 'a remark\n' });
    expect(end.kind === 'finished' && end.standardOutput).toContain('"operation":"Install","rebootOption":"NoReboot"');
  });

  it('takes effect once', async () => {
    const { runs } = openTestRuns('succeed');
    runs.start(requestOf('a'));
    expect(() => runs.start(requestOf('a'))).toThrow(expect.objectContaining({ code: 'RUN_EXISTS' }));
    await runs.awaitRun('a', forever);
  });

  it('is reported as vanished when the patcher is killed', async () => {
    const { runs } = openTestRuns('vanish');
    runs.start(requestOf('a'));
    expect(await runs.awaitRun('a', forever)).toMatchObject({ kind: 'vanished' });
  });

  it('is reported as vanished when the patcher cannot be started', async () => {
    const { runs } = openTestRuns('succeed', ['/nonexistent/patcher.ts']);
    runs.start(requestOf('a'));
    const end = await runs.awaitRun('a', forever);
    expect(end.kind === 'vanished' && end.standardError).toContain('/nonexistent/patcher.ts');
  });

  it('can be started again when it was lost, and is told of the reboot that it asked for', async () => {
    const { runs, reopen, directory } = openTestRuns('vanish');
    runs.start(requestOf('a'));
    await runs.awaitRun('a', forever);
    writeFileSync(join(directory, '..', 'behaviour'), 'succeed');
    const again = reopen();
    const reboot = { bootId: 'b', requestedAt: '2026-11-22T10:00:00.000Z', problem: null };
    again.restart('a', reboot);
    expect(await again.awaitRun('a', forever)).toMatchObject({ kind: 'finished', exitCode: 0 });
    expect(JSON.parse(readFileSync(join(directory, 'a/reboot.json'), 'utf8'))).toEqual(reboot);
    again.restart('a', null);
    const end = await again.awaitRun('a', forever);
    expect(end.kind === 'finished' && end.standardOutput.match(/asked for/g)).toHaveLength(2);
  });

  it('goes on without the agent, and the next agent gets its end', async () => {
    const { runs, reopen, letGo } = openTestRuns('wait');
    runs.start(requestOf('a'));
    const stop = new AbortController();
    const waiting = runs.awaitRun('a', stop.signal);
    while (runs.listUnfinished().length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    expect(await waiting).toEqual({ kind: 'detached' });
    const next = reopen();
    expect(next.listUnfinished()).toEqual(['a']);
    letGo('a');
    expect(await next.awaitRun('a', forever)).toMatchObject({ kind: 'finished', exitCode: 0 });
  });

  it('is told of a cancellation', async () => {
    const { runs, letGo } = openTestRuns('wait');
    runs.start(requestOf('a'));
    runs.requestCancel('a');
    letGo('a');
    expect(await runs.awaitRun('a', forever)).toMatchObject({ kind: 'finished', exitCode: 4 });
  });

  it('never starts once an agent that came back took its claim', async () => {
    const { runs, directory } = openTestRuns('succeed');
    mkdirSync(join(directory, 'a'));
    expect(await runs.awaitRun('a', forever)).toEqual({ kind: 'not-started' });
    // The shell of the earlier agent is this late: it must find the claim taken.
    expect(() => runs.start(requestOf('a'))).toThrow(expect.objectContaining({ code: 'RUN_EXISTS' }));
    expect(await runs.awaitRun('a', forever)).toEqual({ kind: 'not-started' });
  });

  it('is started by an agent that came back where the one before had not written it down', async () => {
    const { runs, letGo } = openTestRuns('wait');
    expect(await runs.awaitRun('a', forever)).toEqual({ kind: 'not-started' });
    runs.restart('a', null, requestOf('a'));
    letGo('a');
    expect(await runs.awaitRun('a', forever)).toMatchObject({ kind: 'finished', exitCode: 0 });
  });

  it('is not taken for running because another process has its pid now', async () => {
    const { runs, directory } = openTestRuns('succeed');
    mkdirSync(join(directory, 'a'));
    const stat = `${process.pid} (patcher) S ${'1 '.repeat(18)}42 0`;
    writeFileSync(join(directory, 'a', 'process'), `boot-id\n${stat}\n`);
    expect(runs.listUnfinished()).toEqual([]);
    expect(await runs.awaitRun('a', forever)).toMatchObject({ kind: 'vanished' });
  });
});

describe('old runs of the patcher', () => {
  const before = new Date('2026-09-01T00:00:00.000Z');

  it('go away, but for those that still run', async () => {
    const { runs, directory, letGo } = openTestRuns('wait');
    for (const runId of ['old', 'running']) runs.start(requestOf(runId));
    while (runs.listUnfinished().length < 2) await new Promise((resolve) => setImmediate(resolve));
    letGo('old');
    await runs.awaitRun('old', forever);
    mkdirSync(join(directory, 'new'));
    for (const runId of ['old', 'running']) utimesSync(join(directory, runId), new Date(0), new Date(0));
    runs.prune(before);
    expect(readdirSync(directory).sort()).toEqual(['new', 'running']);
    letGo('running');
    await runs.awaitRun('running', forever);
  });

  it('that handed in facts go away but for the newest ten', () => {
    const { runs, directory } = openTestRuns('succeed');
    for (let number = 10; number < 25; number += 1) mkdirSync(join(directory, `facts-${number}`));
    mkdirSync(join(directory, 'command'));
    runs.prune(before);
    expect(readdirSync(directory)).toHaveLength(11);
    expect(readdirSync(directory).sort().slice(0, 2)).toEqual(['command', 'facts-15']);
  });
});

describe('the queue of patcher runs', () => {
  it('lets the second begin after the first ended', async () => {
    const { runs, letGo } = openTestRuns('wait');
    const queue = createPatchRunQueue(runs);
    const order: string[] = [];
    const note = (text: string) => () => order.push(text) > 0;
    const first = queue.perform(requestOf('a'), forever, note('a begins'));
    const second = queue.perform(requestOf('b'), forever, note('b begins'));
    while (runs.listUnfinished().length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual(['a begins']);
    letGo('a');
    await first;
    while (!runs.listUnfinished().includes('b')) await new Promise((resolve) => setImmediate(resolve));
    letGo('b');
    await second;
    expect(order).toEqual(['a begins', 'b begins']);
  });

  it('waits for a run that an earlier agent started', async () => {
    const { runs, reopen, letGo } = openTestRuns('wait');
    runs.start(requestOf('a'));
    while (runs.listUnfinished().length === 0) await new Promise((resolve) => setImmediate(resolve));
    const next = reopen();
    const second = createPatchRunQueue(next).perform(requestOf('b'), forever, () => {
      expect(next.listUnfinished()).toEqual([]);
      return true;
    });
    letGo('a');
    while (!next.listUnfinished().includes('b')) await new Promise((resolve) => setImmediate(resolve));
    letGo('b');
    expect(await second).toMatchObject({ kind: 'finished' });
  });

  it('does not start what may not start any more', async () => {
    const { runs } = openTestRuns('succeed');
    const end = await createPatchRunQueue(runs).perform(requestOf('a'), forever, () => false);
    expect(end).toEqual({ kind: 'not-started' });
    expect(runs.listUnfinished()).toEqual([]);
  });
});
