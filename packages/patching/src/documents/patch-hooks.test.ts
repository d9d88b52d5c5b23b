import { describe, expect, it } from 'vitest';
import { CommandDocument } from './command-document.ts';
import { decideHookStep, type HookStepEnd, hookSteps, noop, runPatchBaselineWithHooks } from './patch-hooks.ts';

/** Plays a document through; steps succeed unless told otherwise. Answers the names of those that ran. */
function play(
  parameters: Parameters<typeof decideHookStep>[0],
  ends: Readonly<Record<string, Partial<HookStepEnd>>> = {},
): string[] {
  const ended: HookStepEnd[] = [];
  const ran: string[] = [];
  for (;;) {
    const decision = decideHookStep(parameters, ended);
    if (decision.kind === 'end') return ran;
    const { name } = decision.step;
    if (decision.kind === 'run') ran.push(name);
    ended.push({
      name,
      status: decision.kind === 'skip' ? 'Skipped' : 'Success',
      ...(decision.kind === 'run' ? ends[name] : {}),
    });
  }
}
const install = { operation: 'Install', rebootOption: 'RebootIfNeeded' } as const;
const missing = { counts: { missing: 2, pendingReboot: 0 } };
const pending = { counts: { missing: 0, pendingReboot: 1 } };
const clean = { counts: { missing: 0, pendingReboot: 0 } };
const every = hookSteps.map((step) => step.name);

describe('the steps of AWS-RunPatchBaselineWithHooks', () => {
  it('are one for a Scan, which runs no hook', () => {
    expect(play({ ...install, operation: 'Scan' }, { InitialScan: missing })).toEqual(['InitialScan']);
  });

  it('all run where patches are missing and one of them waits for a reboot', () => {
    expect(play(install, { InitialScan: missing, InstallNoReboot: pending })).toEqual(every);
  });

  it.each([
    ['nothing is missing', install, clean],
    ['only a reboot is due that is not wanted', { ...install, rebootOption: 'NoReboot' } as const, pending],
  ])('jump to the exit where %s', (_case, parameters, counts) => {
    expect(play(parameters, { InitialScan: counts })).toEqual(['InitialScan', 'EvaluateScan', 'OnExitHook']);
  });

  it('go on where nothing is missing and a reboot is due', () => {
    expect(play(install, { InitialScan: pending, InstallNoReboot: pending })).toEqual(every);
  });

  it.each([
    ['no patch waits for one', install, clean],
    ['it is not wanted', { ...install, rebootOption: 'NoReboot' } as const, pending],
  ])('leave the reboot out where %s', (_case, parameters, counts) => {
    expect(play(parameters, { InitialScan: missing, InstallNoReboot: counts })).toEqual(
      every.filter((name) => name !== 'InstallAndReboot'),
    );
  });

  it.each(['PreInstallHook', 'InstallNoReboot', 'PostInstallHook'])(
    'jump to the hook at the exit when %s fails',
    (name) => {
      const ran = play(install, { InitialScan: missing, InstallNoReboot: pending, [name]: { status: 'Failed' } });
      expect(ran).toEqual([...every.slice(0, every.indexOf(name as (typeof every)[number]) + 1), 'OnExitHook']);
    },
  );

  it('install nothing when the node could not be scanned', () => {
    expect(play(install, { InitialScan: { status: 'Failed' } })).toEqual(['InitialScan', 'OnExitHook']);
  });

  it.each([runPatchBaselineWithHooks, noop])('are a valid document: %#', (document) => {
    expect(CommandDocument.parse(document)).toEqual(document);
  });
});
