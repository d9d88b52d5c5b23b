import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openCommandRecords } from './command-records.ts';
import type { Command, OutputChunk } from './machine.ts';
import { runProcess } from './run-process.ts';

function run(script: string, more: Partial<Command> = {}) {
  const argv = ['/bin/sh', '-c', script] as const;
  return runProcess({ argv, timeoutSeconds: 20, ...more }, { argv, reportsReady: false, kill: 'group' });
}

describe('runProcess', () => {
  it('answers both streams, the exit code and what the input was', async () => {
    const output = await run('cat; echo wrong >&2; exit 3', { input: 'given' });
    expect(output).toMatchObject({ exitCode: 3, stdout: 'given', stderr: 'wrong\n', isTruncated: false });
  });

  it('passes the given environment and nothing else', async () => {
    const output = await run('/usr/bin/env | grep -v -e ^PWD= -e ^_=', { environment: { ONLY: 'this' } });
    expect(output.stdout).toBe('ONLY=this\n');
  });

  it('keeps the beginning of an output that is too long and says so', async () => {
    const output = await run('printf 0123456789; printf 0123456789 >&2', { outputLimitBytes: 4 });
    expect(output).toMatchObject({ exitCode: 0, stdout: '0123', stderr: '0123', isTruncated: true });
  });

  it('ends the command and its children when its time is up', async () => {
    const output = await run('sleep 600 & wait', { timeoutSeconds: 0.1 });
    expect(output).toMatchObject({ exitCode: null, signal: 'SIGKILL', isTimedOut: true, isAborted: false });
  });

  it('ends the command when it is aborted, and does not start it when it already was', async () => {
    const controller = new AbortController();
    const running = run('echo begun; sleep 600', { signal: controller.signal, onOutput: () => controller.abort() });
    expect(await running).toMatchObject({ isAborted: true, isTimedOut: false, stdout: 'begun\n' });
    expect(await run('echo begun', { signal: controller.signal })).toMatchObject({ isAborted: true, stdout: '' });
  });

  it('hands out the output as it comes', async () => {
    const chunks: OutputChunk[] = [];
    await run('echo one; echo two >&2', { onOutput: (chunk) => chunks.push(chunk) });
    expect(chunks).toContainEqual({ stream: 'stdout', text: 'one\n' });
    expect(chunks).toContainEqual({ stream: 'stderr', text: 'two\n' });
  });

  it('returns although a process left behind keeps the output open', async () => {
    const output = await run('setsid sleep 3 & echo done');
    expect(output).toMatchObject({ exitCode: 0, stdout: 'done\n' });
  });
});

/** The process that waits for a lock; throws while there is none. */
function findWaiter(lock: string): number {
  const commandLine = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      // It has ended since it was listed.
      return '';
    }
  };
  const found = readdirSync('/proc').find((pid) => commandLine(pid).includes(`flock\0-s\0${lock}`));
  if (found === undefined) throw new Error(`Nothing waits for ${lock}`);
  return Number(found);
}

describe('openCommandRecords', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'records-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('keeps output and exit code for later', async () => {
    const records = openCommandRecords(directory);
    const argv = ['/bin/sh', '-c', 'cat; echo wrong >&2; exit 5'] as const;
    const launch = { argv, reportsReady: false, kill: 'process' } as const;
    const expected = { exitCode: 5, stdout: 'given', stderr: 'wrong\n' };
    expect(await records.run({ argv, timeoutSeconds: null, input: 'given' }, 'first', launch)).toMatchObject(expected);
    expect(await openCommandRecords(directory).resume('first')).toMatchObject(expected);
    expect(await records.resume('second')).toBeNull();
  });

  it('waits on when its waiter is killed: what a command did is not looked at before its end', async () => {
    const gate = join(directory, 'gate');
    execFileSync('mkfifo', [gate]);
    const argv = ['/bin/sh', '-c', 'cat "$1"', 'sh', gate] as const;
    const launch = { argv, reportsReady: false, kill: 'process' } as const;
    const running = openCommandRecords(directory).run({ argv, timeoutSeconds: null }, 'first', launch);
    const waiter = await vi.waitFor(() => findWaiter(join(directory, 'first/lock')));
    process.kill(waiter, 'SIGKILL');
    await vi.waitFor(() => expect(findWaiter(join(directory, 'first/lock'))).not.toBe(waiter));
    writeFileSync(gate, 'done');
    expect(await running).toMatchObject({ exitCode: 0, stdout: 'done' });
  });

  it.each(['../up', '', 'a/b', '.hidden'])('refuses %j as a name', async (name) => {
    await expect(openCommandRecords(directory).resume(name)).rejects.toMatchObject({ code: 'INVALID_COMMAND' });
  });

  it('refuses a time limit on what must not be interrupted', async () => {
    const argv = ['/bin/true'] as const;
    const running = openCommandRecords(directory).run({ argv, timeoutSeconds: 1 }, 'name', {
      argv,
      reportsReady: false,
      kill: 'process',
    });
    await expect(running).rejects.toMatchObject({ code: 'INVALID_COMMAND' });
  });
});
