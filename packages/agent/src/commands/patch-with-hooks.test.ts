import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hooksDocumentName, noop } from '@patchbay/patching';
import { describe, expect, it } from 'vitest';
import { openCommandJournal } from '../journal/index.ts';
import type { PatchRunEnd } from '../patch-run.ts';
import { makePrivateDirectory } from '../test-support/private-directory.ts';
import { createRecordingMachine } from '../test-support/recording-machine.ts';
import {
  commandId,
  createTestSigningKey,
  nodeId,
  shellDocument,
  type TestCommand,
  writeMessage,
} from '../test-support/signed-commands.ts';
import { createTestRebooter } from '../test-support/test-rebooter.ts';
import { createTestTimers } from '../test-support/test-timers.ts';
import { createCommandLedger } from './command-ledger.ts';
import { executeCommand } from './execute-command.ts';

const key = createTestSigningKey();
const at = '2026-11-22T09:00:00.000Z';
const hook = (text: string) => shellDocument([{ name: 'only', inputs: { runCommand: [text] } }]);
const nested = { 'AWS-Noop': noop, Drain: hook('drain'), Undrain: hook('undrain') };
const command: TestCommand = {
  documentName: hooksDocumentName,
  parameters: { Operation: ['Install'], PreInstallHookDocName: ['Drain'], OnExitHookDocName: ['Undrain'] },
  nested,
};
const ended = (missing: number, pendingReboot: number, exitCode = 0): PatchRunEnd => ({
  kind: 'finished',
  exitCode,
  standardOutput: '',
  standardError: '',
  counts: { missing, pendingReboot },
});

interface Options {
  readonly command?: TestCommand;
  readonly policy?: object;
  /** How the runs of the patcher end, by step; the first scan finds two missing otherwise. */
  readonly ends?: Readonly<Record<string, PatchRunEnd>>;
  readonly exitCodes?: Readonly<Record<string, number>>;
}

function setUp(options: Options = {}) {
  const directory = join(makePrivateDirectory(), 'commands');
  mkdirSync(directory);
  const policyFile = join(directory, '..', 'policy.json');
  const policy = options.policy ?? { mode: 'documents', documents: ['Drain', 'Undrain'] };
  writeFileSync(policyFile, JSON.stringify(policy), { mode: 0o600 });
  const journal = openCommandJournal(directory);
  const timers = createTestTimers();
  const events: string[] = [];
  const replies: { documentStatus: string; documentTraceOutput: string }[] = [];
  const end = (stepName: string) => options.ends?.[stepName] ?? ended(stepName === 'InitialScan' ? 2 : 0, 1);
  const ledger = createCommandLedger({
    journal,
    agentVersion: '1',
    timers,
    outputs: { keep: (_commandId, step) => step },
    spool: { add: (_messageId, payload) => replies.push(JSON.parse(payload)) },
  });
  const message = writeMessage(options.command ?? command, key);
  ledger.receive({
    commandId,
    messageId: message.MessageId,
    documentName: hooksDocumentName,
    payload: message.Payload,
  });
  const parts = {
    ledger,
    runs: {
      perform: async ({ stepName = '', operation, rebootOption, runId }, _signal, mayStart) => {
        if (mayStart?.() === false) return { kind: 'not-started' as const };
        expect(runId).toBe(`${commandId}-${stepName}`);
        events.push(`${stepName}: ${operation} ${rebootOption}`);
        return end(stepName);
      },
      resume: async (runId) => {
        events.push(`resume ${runId}`);
        return end(runId.replace(`${commandId}-`, ''));
      },
      restart: async (runId) => {
        events.push(`restart ${runId}`);
        return end(runId.replace(`${commandId}-`, ''));
      },
      requestCancel: () => {},
    } satisfies Parameters<typeof executeCommand>[0]['runs'],
    machine: createRecordingMachine((script) => {
      // What cleans up afterwards has no script.
      if (script !== '') events.push(script.trim());
      return { exitCode: options.exitCodes?.[script.trim()] ?? 0 };
    }),
    instanceId: nodeId,
    signingKey: key,
    policyFile,
    selfUpdate: null,
    rebooter: createTestRebooter('reboots'),
    timers,
    now: () => timers.now(),
    log: () => {},
  };
  const execute = async () => await executeCommand(parts, commandId, new AbortController().signal);
  const statuses = () => journal.find(commandId)?.steps.map((step) => `${step.name} ${step.status}`);
  return { execute, events, replies, journal, ledger, statuses };
}

const whole = [
  'InitialScan: Scan NoReboot',
  'drain',
  'InstallNoReboot: Install NoReboot',
  'exit 0',
  'InstallAndReboot: Install RebootIfNeeded',
  'undrain',
];

describe.runIf(process.getuid?.() === 0)('patching with hooks', () => {
  it('runs hooks and patcher in their order, each step in the journal and in a reply', async () => {
    const { execute, events, replies, statuses } = setUp();
    await execute();
    expect(events).toEqual(whole);
    expect(statuses()).toHaveLength(8);
    expect(replies.at(-1)).toMatchObject({ documentStatus: 'Success' });
    expect(replies).toHaveLength(10);
  });

  it('goes to the exit when a hook fails, and fails', async () => {
    const { execute, events, replies } = setUp({ exitCodes: { drain: 4 } });
    await execute();
    expect(events).toEqual(['InitialScan: Scan NoReboot', 'drain', 'undrain']);
    expect(replies.at(-1)).toMatchObject({ documentStatus: 'Failed' });
  });

  it('installs nothing where nothing is missing', async () => {
    const { execute, events } = setUp({ ends: { InitialScan: ended(0, 0) } });
    await execute();
    expect(events).toEqual(['InitialScan: Scan NoReboot', 'undrain']);
  });

  it('waits after a restart for the patcher that went on, and takes it from there', async () => {
    const { execute, events, ledger, replies } = setUp();
    ledger.start(commandId, null);
    const step = { name: 'InitialScan', action: 'aws:runShellScript', startedAt: at };
    ledger.openStep(commandId, step, `${commandId}-InitialScan`);
    await execute();
    expect(events).toEqual([`resume ${commandId}-InitialScan`, ...whole.slice(1)]);
    expect(replies.at(-1)).toMatchObject({ documentStatus: 'Success' });
  });

  it('does not run a hook again during which the agent ended', async () => {
    const { execute, events, ledger, statuses } = setUp();
    ledger.start(commandId, null);
    const done = {
      status: 'Success',
      code: 0,
      standardOutput: '',
      standardError: '',
      startedAt: at,
      endedAt: at,
    } as const;
    const counts = { missing: 1, pendingReboot: 0 };
    ledger.closeStep(commandId, { name: 'InitialScan', action: 'aws:runShellScript', ...done, counts });
    ledger.closeStep(commandId, { name: 'EvaluateScan', action: 'aws:runShellScript', ...done });
    ledger.openStep(commandId, { name: 'PreInstallHook', action: 'aws:runDocument', startedAt: at });
    await execute();
    expect(events).toEqual(['undrain']);
    expect(statuses()).toContain('PreInstallHook Failed');
  });

  it('runs no further step once it is cancelled, not even the hook at the exit', async () => {
    const setup = setUp({ ends: { InstallNoReboot: ended(1, 1, 1) } });
    setup.ledger.markCancelled(commandId);
    setup.ledger.start(commandId, null);
    await setup.execute();
    expect(setup.events).toEqual([]);
    expect(setup.replies.at(-1)).toMatchObject({ documentStatus: 'Cancelled' });
  });

  it.each<[string, object, RegExp]>([
    ['patch-only', { mode: 'patch-only' }, /does not run Drain/],
    ['with one of two hooks allowed', { mode: 'documents', documents: ['Drain'] }, /does not run Undrain/],
  ])('needs a policy that allows every hook: %s', async (_case, policy, reason) => {
    const { execute, events, replies } = setUp({ policy });
    await execute();
    expect(events).toEqual([]);
    expect(replies.at(-1)).toMatchObject({
      documentStatus: 'Failed',
      documentTraceOutput: expect.stringMatching(reason),
    });
  });

  it('needs no leave for hooks that do nothing', async () => {
    const { execute, events } = setUp({
      policy: { mode: 'patch-only' },
      command: { ...command, parameters: { Operation: ['Scan'] }, nested: { 'AWS-Noop': noop } },
    });
    await execute();
    expect(events).toEqual(['InitialScan: Scan NoReboot']);
  });

  it.each<[string, TestCommand, RegExp]>([
    [
      'changed behind the signature',
      { ...command, signed: { nestedDigest: 'sha256:0' } },
      /documents that its steps run/,
    ],
    ['not sent along', { ...command, nested: { 'AWS-Noop': noop, Drain: nested.Drain } }, /did not send .* Undrain/],
    [
      'of another content under the name of the one that does nothing',
      { ...command, parameters: { Operation: ['Install'] }, nested: { 'AWS-Noop': hook('rm -rf /') } },
      /does not run AWS-Noop/,
    ],
  ])('refuses hooks that were %s', async (_case, sent, reason) => {
    const { execute, events, replies } = setUp({ command: sent });
    await execute();
    expect(events).toEqual([]);
    expect(replies.at(-1)?.documentTraceOutput).toMatch(reason);
  });
});
