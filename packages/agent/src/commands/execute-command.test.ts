import { describe, expect, it } from 'vitest';
import type { PatchRunEnd } from '../patch-run.ts';
import { at, done, openCommandStage, step, twoSteps } from '../test-support/command-stage.ts';
import { commandId } from '../test-support/signed-commands.ts';

describe('an agent that was ended in the middle of a command', () => {
  it('begins what was only received', async () => {
    const { write, restart, events, replies } = openCommandStage();
    write({});
    await restart();
    expect(events).toEqual([`Scan ${commandId}`]);
    expect(replies.map((reply) => reply.documentStatus)).toEqual(['InProgress', 'InProgress', 'Success']);
  });

  it('refuses what was received and has expired meanwhile', async () => {
    const { write, restart, events, replies } = openCommandStage({
      command: { expiresAt: '2026-11-22T09:30:00.000Z' },
    });
    write({});
    await restart();
    expect(events).toEqual([]);
    expect(replies.at(-1)).toMatchObject({
      documentStatus: 'Failed',
      documentTraceOutput: expect.stringMatching(/expired/),
    });
  });

  it('waits for the patcher that went on, and starts no other', async () => {
    const { write, restart, events, replies } = openCommandStage();
    write({ startedAt: at, runId: commandId, openStep: step('PatchLinux') });
    await restart();
    expect(events).toEqual([`resume ${commandId}`]);
    expect(replies.at(-1)).toMatchObject({ documentStatus: 'Success', runtimeStatus: { PatchLinux: {} } });
  });

  const patched: PatchRunEnd = { kind: 'finished', exitCode: 0, standardOutput: '', standardError: '' };

  it('starts the patcher that an agent was killed before it had started', async () => {
    const { write, restart, events, replies } = openCommandStage({ end: { kind: 'not-started' }, later: [patched] });
    write({ startedAt: at, runId: commandId, openStep: step('PatchLinux') });
    await restart();
    expect(events).toEqual([`resume ${commandId}`, `restart ${commandId}`]);
    expect(replies.at(-1)).toMatchObject({ documentStatus: 'Success' });
  });

  it.each<[PatchRunEnd, RegExp]>([
    [{ kind: 'vanished', standardOutput: '', standardError: 'half' }, /How far it came is unknown/],
    [{ kind: 'not-started' }, /nothing was scanned or installed/],
    [{ kind: 'finished', exitCode: 2, standardOutput: '', standardError: 'no space' }, /no space/],
  ])('reports a patcher that came to no good end: %j', async (end, reason) => {
    const { write, restart, replies } = openCommandStage({ end });
    write({ startedAt: at, runId: commandId, openStep: step('PatchLinux') });
    await restart();
    expect(replies.at(-1)?.documentStatus).toBe('Failed');
    expect(replies.at(-1)?.runtimeStatus['PatchLinux']?.standardError).toMatch(reason);
  });

  it('reports a shell step that ran then as failed, and does not run it again', async () => {
    const { write, restart, machine, replies } = openCommandStage();
    write({ startedAt: at, openStep: step('b'), steps: [done('a')] });
    await restart();
    expect(machine.commands.map(({ argv }) => argv[0])).toEqual(['rm']);
    expect(replies[0]?.runtimeStatus['b']).toMatchObject({
      status: 'Failed',
      standardError: expect.stringMatching(/How far it came is unknown/),
    });
    expect(replies.at(-1)?.documentStatus).toBe('Failed');
  });

  it('begins no further step of a document that was between two', async () => {
    const { write, restart, machine, replies } = openCommandStage();
    write({ startedAt: at, steps: [done('a')] });
    await restart();
    expect(machine.commands.map(({ argv }) => argv[0])).toEqual(['rm']);
    expect(replies.at(-1)).toMatchObject({
      documentStatus: 'Failed',
      documentTraceOutput: expect.stringMatching(/between two steps/),
    });
  });

  it('sends the last reply, and those of the steps, when it had not come so far', async () => {
    const { write, restart, events, replies } = openCommandStage();
    const final = { status: 'Success', trace: '', endedAt: at } as const;
    write({ startedAt: at, steps: [done('a'), done('b')], final });
    await restart();
    expect(events).toEqual([]);
    expect(replies.map((reply) => [reply.documentStatus, Object.keys(reply.runtimeStatus)])).toEqual([
      ['InProgress', ['a']],
      ['InProgress', ['b']],
      ['Success', []],
    ]);
  });

  it('says nothing more about what was answered', async () => {
    const { write, restart, replies } = openCommandStage();
    write({ final: { status: 'Success', trace: '', endedAt: at }, isAnswered: true });
    await restart();
    expect(replies).toEqual([]);
  });
});

describe('a disk that is full for a while', () => {
  // The writes: received (by the test), started, step opened, step closed, ended, answered.
  it.each([1, 2, 3, 4, 5])('after %d writes delays a command, which is reported once and whole', async (after) => {
    const { write, restart, replies, events, find } = openCommandStage({ fullDisk: { after, writes: 4 } });
    write({});
    await restart();
    const begun = events.filter((event) => event.startsWith('Scan'));
    expect(begun.length).toBeLessThanOrEqual(1);
    expect(find()?.steps).toHaveLength(1);
    expect(replies.at(-1)).toMatchObject({
      documentStatus: 'Success',
      runtimeStatus: { PatchLinux: { standardOutput: 'done' } },
    });
  });
});

describe('a message', () => {
  it('is acknowledged only once the command is in the journal', async () => {
    const { accept, events, find } = openCommandStage();
    await accept({});
    expect(events).toEqual(['AcknowledgeMessage']);
    expect(find()).toMatchObject({ startedAt: null, documentName: 'AWS-RunPatchBaseline' });
  });

  it('that comes again while its command waits is acknowledged and nothing else', async () => {
    const { accept, restart, events } = openCommandStage();
    await accept({});
    await accept({});
    await restart();
    expect(events).toEqual(['AcknowledgeMessage', 'AcknowledgeMessage', `Scan ${commandId}`]);
  });
});

describe('a cancelled command', () => {
  it('does not begin when it had not begun', async () => {
    const { write, cancel, restart, events, replies } = openCommandStage();
    write({});
    await cancel();
    await restart();
    expect(events).toEqual(['AcknowledgeMessage']);
    expect(replies).toMatchObject([{ documentStatus: 'Cancelled' }]);
  });

  it('asks a running patcher to begin no further transaction', async () => {
    const { write, cancel, events } = openCommandStage();
    write({ startedAt: at, runId: commandId });
    await cancel();
    expect(events).toContain(`cancel ${commandId}`);
  });

  it.each<[number, string]>([
    [1, 'Cancelled'],
    [0, 'Success'],
  ])('whose patcher ended with %i is reported as %s', async (exitCode, status) => {
    const { write, cancel, restart, replies } = openCommandStage({
      end: { kind: 'finished', exitCode, standardOutput: 'two of three', standardError: '' },
    });
    write({ startedAt: at, runId: commandId, openStep: step('PatchLinux') });
    await cancel();
    await restart();
    expect(replies.at(-1)).toMatchObject({
      documentStatus: status,
      runtimeStatus: { PatchLinux: { status, standardOutput: 'two of three' } },
    });
  });

  it('stays as it ended when it had ended', async () => {
    const { write, cancel, find } = openCommandStage();
    write({ final: { status: 'Success', trace: '', endedAt: at }, isAnswered: true });
    await cancel();
    expect(find()?.isCancelled).toBe(false);
  });
});

describe.runIf(process.getuid?.() === 0)('a document that the owner allows', () => {
  const policy = { mode: 'full' };

  it('has each step in the journal before it runs, and leaves no script behind', async () => {
    const { write, restart, events, find } = openCommandStage({ command: twoSteps, policy });
    write({});
    await restart();
    expect(events).toEqual(['step a', 'step b', 'cleaning']);
    expect(find()?.steps.map((each) => each.status)).toEqual(['Success', 'Success']);
  });

  it('begins no further step after a cancellation', async () => {
    const { write, restart, events, replies } = openCommandStage({
      command: twoSteps,
      policy,
      onRun: (setup) => void setup.cancel(),
    });
    write({});
    await restart();
    expect(events).not.toContain('step b');
    expect(replies.at(-1)?.documentStatus).toBe('Cancelled');
  });
});

describe('the policy of a node', () => {
  it('keeps a document from running that was signed and allowed nowhere', async () => {
    const { write, restart, machine, replies } = openCommandStage({ command: twoSteps });
    write({});
    await restart();
    expect(machine.commands).toEqual([]);
    expect(replies.at(-1)).toMatchObject({ documentStatus: 'Failed', runtimeStatus: { a: { status: 'Failed' } } });
  });
});
