import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CommandDocument, resolveParameters } from '@patchbay/patching';
import { describe, expect, it } from 'vitest';
import { openMachine } from '../machine/index.ts';
import { noDownloads } from '../test-support/no-downloads.ts';
import { makePrivateDirectory } from '../test-support/private-directory.ts';
import { commandId, shellDocument } from '../test-support/signed-commands.ts';
import { runDocument } from './run-document.ts';
import type { StepResult } from './step-result.ts';

/** On this very host, with a real shell. */
async function runOnHost(
  inputs: Record<string, unknown>,
  parameters: Record<string, unknown> = {},
  given: Record<string, string[]> = {},
): Promise<StepResult> {
  const document = CommandDocument.parse(shellDocument([{ name: 'only', inputs }], parameters));
  const resolved = resolveParameters(document, given);
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.problems));
  const machine = await openMachine({ root: null, workDirectory: makePrivateDirectory(), access: 'read-write' });
  try {
    const { steps } = await runDocument({
      commandId,
      document,
      values: resolved.values,
      nested: new Map(),
      machine,
      downloads: noDownloads,
      signal: new AbortController().signal,
      rebootRefusal: 'No reboots here.',
      isCancelled: () => false,
      now: () => new Date(),
      onStepStarted: () => {},
      onStepFinished: () => {},
    });
    const [step] = steps;
    if (step === undefined) throw new Error('No step was run');
    return step;
  } finally {
    await machine.close();
  }
}

describe('a shell step on a real machine', () => {
  it('keeps both streams and the exit code apart', async () => {
    const step = await runOnHost({ runCommand: ['echo out', 'echo err >&2', 'exit 7'] });
    expect(step).toMatchObject({ status: 'Failed', code: 7, standardOutput: 'out\n', standardError: 'err\n' });
  });

  it('runs in the directory that it names', async () => {
    const directory = join(makePrivateDirectory(), 'with space');
    mkdirSync(directory);
    expect((await runOnHost({ runCommand: 'pwd', workingDirectory: directory })).standardOutput).toBe(`${directory}\n`);
  });

  it('fails when its directory does not exist', async () => {
    const step = await runOnHost({ runCommand: 'echo no', workingDirectory: '/nonexistent' });
    expect(step).toMatchObject({ status: 'Failed', standardOutput: '' });
  });

  it('obeys the first line of the script', async () => {
    const step = await runOnHost({ runCommand: ['#!/bin/cat', 'last'] });
    expect(step).toMatchObject({ status: 'Success', standardOutput: '#!/bin/cat\nlast\n' });
  });

  it('keeps the script from other users', async () => {
    expect((await runOnHost({ runCommand: ['stat -c %a "$0"'] })).standardOutput).toBe('700\n');
  });

  it('hands over a parameter in the environment whatever its text is', async () => {
    const step = await runOnHost(
      { runCommand: ['printf %s "$SSM_text"'] },
      { text: { type: 'String', interpolationType: 'ENV_VAR' } },
      { text: ['"; echo $(id) `id` \n*'] },
    );
    expect(step.standardOutput).toBe('"; echo $(id) `id` \n*');
  });

  it('inherits nothing of our own environment', async () => {
    expect((await runOnHost({ runCommand: ['env | cut -d= -f1 | sort'] })).standardOutput).toBe(
      'HOME\nLC_ALL\nOLDPWD\nPATH\nPWD\n',
    );
  });

  it('is ended at its time limit', async () => {
    const step = await runOnHost({ runCommand: ['echo begun', 'exec tail -f /dev/null'], timeoutSeconds: '1' });
    expect(step).toMatchObject({ status: 'TimedOut', code: 137, standardOutput: 'begun\n' });
  });

  it('says that a long output goes on', async () => {
    const step = await runOnHost({ runCommand: ['yes | head -c 11000000'] });
    expect(step.status).toBe('Success');
    expect(step.standardOutput.length).toBeLessThan(10_485_760);
    expect(step.standardOutput).toMatch(/--- the output goes on; the rest was not kept ---\n$/);
    expect(step.standardError).toBe('');
  });
});
