import { describe, expect, it } from 'vitest';
import type { PatchRunEnd } from '../patch-run.ts';
import { at, finished, openCommandStage, step, twoSteps } from '../test-support/command-stage.ts';
import { commandId } from '../test-support/signed-commands.ts';
import { createTestRebooter } from '../test-support/test-rebooter.ts';

const asksForReboot: PatchRunEnd = { kind: 'finished', exitCode: 194, standardOutput: 'half', standardError: '' };
const vanished: PatchRunEnd = { kind: 'vanished', standardOutput: '', standardError: '' };

describe('patching that ends with exit code 194', () => {
  it('reboots the machine and reports once, when the patcher has looked again', async () => {
    const rebooter = createTestRebooter('reboots');
    const { write, restart, events, replies } = openCommandStage({ end: asksForReboot, later: [finished], rebooter });
    write({});
    await restart();
    expect(rebooter.requests).toBe(1);
    expect(events).toEqual([`Scan ${commandId}`, `restart ${commandId} after the end of boot-1`]);
    expect(replies.map((reply) => reply.documentStatus)).toEqual(['InProgress', 'InProgress', 'Success']);
  });

  it('has the reboot in the journal before it is asked for, so that the agent of the next boot goes on', async () => {
    const rebooter = createTestRebooter('stays');
    const stopping = openCommandStage({ end: asksForReboot, rebooter });
    stopping.write({});
    await stopping.stopWhen(() => rebooter.requests > 0);
    const left = stopping.find();
    expect(left).toMatchObject({ final: null, reboot: { bootId: 'boot-1' }, openStep: { name: 'PatchLinux' } });

    rebooter.bootId = 'boot-2';
    const next = openCommandStage({ end: asksForReboot, later: [finished], rebooter });
    next.write(left ?? {});
    await next.restart();
    expect(rebooter.requests).toBe(1);
    expect(next.events).toEqual([`resume ${commandId}`, `restart ${commandId} after the end of boot-1`]);
    expect(next.replies.at(-1)?.documentStatus).toBe('Success');
  });

  it.each(['refuses', 'stays'] as const)('lets the patcher tell the end when the machine %s', async (behaviour) => {
    const failed: PatchRunEnd = { ...asksForReboot, exitCode: 1 };
    const rebooter = createTestRebooter(behaviour);
    const { write, restart, events, replies } = openCommandStage({ end: asksForReboot, later: [failed], rebooter });
    write({});
    await restart();
    expect(events[1]).toMatch(behaviour === 'refuses' ? /Access denied/ : /10 minutes later still runs the same boot/);
    expect(replies.at(-1)?.documentStatus).toBe('Failed');
  });

  it('is not followed by a reboot once the command was cancelled', async () => {
    const rebooter = createTestRebooter('reboots');
    const { write, restart, events } = openCommandStage({ end: asksForReboot, later: [finished], rebooter });
    write({ startedAt: at, runId: commandId, isCancelled: true, openStep: step('PatchLinux') });
    await restart();
    expect(rebooter.requests).toBe(0);
    expect(events.at(-1)).toBe(`restart ${commandId} after The command was cancelled`);
  });

  it('does not reboot for ever', async () => {
    const rebooter = createTestRebooter('reboots');
    const { write, restart, replies } = openCommandStage({ end: asksForReboot, rebooter });
    write({});
    await restart();
    expect(rebooter.requests).toBe(1);
    expect(replies.at(-1)?.documentStatus).toBe('Failed');
  });
});

describe('a patcher that was lost', () => {
  it('is started again and goes on', async () => {
    const { write, restart, events, replies } = openCommandStage({ end: vanished, later: [vanished, finished] });
    write({ startedAt: at, runId: commandId, openStep: step('PatchLinux') });
    await restart();
    expect(events).toEqual([`resume ${commandId}`, `restart ${commandId}`, `restart ${commandId}`]);
    expect(replies.at(-1)?.documentStatus).toBe('Success');
  });

  it('is reported once it was lost a third time', async () => {
    const { write, restart, events, replies } = openCommandStage({ end: vanished });
    write({});
    await restart();
    expect(events).toHaveLength(3);
    expect(replies.at(-1)?.documentStatus).toBe('Failed');
  });
});

describe.runIf(process.getuid?.() === 0)('a shell step that ends with exit code 194', () => {
  const policy = { mode: 'full' };
  const runs = (codes: readonly number[]) => {
    const left = [...codes];
    return () => ({ exitCode: left.shift() ?? 0, stdout: `${left.length} to go\n` });
  };

  it('runs again after the reboot, and the steps before it do not', async () => {
    const rebooter = createTestRebooter('reboots');
    const { write, restart, events, replies } = openCommandStage({
      command: twoSteps,
      policy,
      rebooter,
      answer: runs([0, 194, 194, 0]),
    });
    write({});
    await restart();
    expect(events).toEqual(['step a', 'step b', 'step b', 'step b', 'cleaning']);
    expect(rebooter.requests).toBe(2);
    expect(replies.at(-1)?.documentStatus).toBe('Success');
    expect(replies.find((reply) => 'b' in reply.runtimeStatus)?.runtimeStatus['b']?.standardOutput).toBe(
      '2 to go\n1 to go\n0 to go\n',
    );
  });

  it('goes on in the next boot with what the journal has', async () => {
    const rebooter = createTestRebooter('stays');
    const stopping = openCommandStage({ command: twoSteps, policy, rebooter, answer: runs([0, 194]) });
    stopping.write({});
    await stopping.stopWhen(() => rebooter.requests > 0);
    rebooter.bootId = 'boot-2';
    const next = openCommandStage({ command: twoSteps, policy, rebooter });
    next.write(stopping.find() ?? {});
    await next.restart();
    expect(next.events).toEqual(['step b', 'cleaning']);
    expect(next.find()?.steps.map(({ name, status }) => `${name} ${status}`)).toEqual(['a Success', 'b Success']);
  });

  it('fails where the machine does not reboot', async () => {
    const rebooter = createTestRebooter('refuses');
    const { write, restart, replies } = openCommandStage({ command: twoSteps, policy, rebooter, answer: runs([194]) });
    write({});
    await restart();
    expect(replies[1]?.runtimeStatus['a']).toMatchObject({
      status: 'Failed',
      standardError: expect.stringMatching(/Access denied/),
    });
    expect(replies.at(-1)?.documentStatus).toBe('Failed');
  });

  it('fails in a root file system, which has no boot', async () => {
    const { write, restart, replies } = openCommandStage({
      command: twoSteps,
      policy,
      rebooter: null,
      answer: runs([194]),
    });
    write({});
    await restart();
    expect(replies[1]?.runtimeStatus['a']?.standardError).toMatch(/has no boot/);
  });

  it('is not rebooted for more than ten times', async () => {
    const rebooter = createTestRebooter('reboots');
    const { write, restart, replies } = openCommandStage({
      command: twoSteps,
      policy,
      rebooter,
      answer: () => ({ exitCode: 194 }),
    });
    write({});
    await restart();
    expect(rebooter.requests).toBe(10);
    expect(replies.at(-1)?.documentStatus).toBe('Failed');
  });
});
