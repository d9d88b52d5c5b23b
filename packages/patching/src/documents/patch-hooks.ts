import type { CommandDocument } from './command-document.ts';

/** The document that patches in steps, with documents of the caller's choice between them. */
export const hooksDocumentName = 'AWS-RunPatchBaselineWithHooks';
/** The hook that does nothing. */
export const noopDocumentName = 'AWS-Noop';

/**
 * The eight steps of AWS-RunPatchBaselineWithHooks (SSM user guide). `patch` steps are operations of the patcher, `hook`
 * steps run the document that a parameter names, `evaluate` steps decide what comes next.
 */
export const hookSteps = [
  { name: 'InitialScan', kind: 'patch', operation: 'Scan', rebootOption: 'NoReboot' },
  { name: 'EvaluateScan', kind: 'evaluate' },
  { name: 'PreInstallHook', kind: 'hook', parameter: 'PreInstallHookDocName' },
  { name: 'InstallNoReboot', kind: 'patch', operation: 'Install', rebootOption: 'NoReboot' },
  { name: 'PostInstallHook', kind: 'hook', parameter: 'PostInstallHookDocName' },
  { name: 'EvaluateReboot', kind: 'evaluate' },
  { name: 'InstallAndReboot', kind: 'patch', operation: 'Install', rebootOption: 'RebootIfNeeded' },
  { name: 'OnExitHook', kind: 'hook', parameter: 'OnExitHookDocName' },
] as const;
export type HookStep = (typeof hookSteps)[number];

/** How a step ended, and what its patcher found where it had one. */
export interface HookStepEnd {
  readonly name: string;
  readonly status: 'Success' | 'Failed' | 'TimedOut' | 'Cancelled' | 'Skipped';
  readonly counts?: { readonly missing: number; readonly pendingReboot: number } | undefined;
}

export type HookDecision =
  | { readonly kind: 'run'; readonly step: HookStep }
  /** It is not needed, and this is why. */
  | { readonly kind: 'skip'; readonly step: HookStep; readonly reason: string }
  | { readonly kind: 'end' };

/** What comes after the steps that have ended. A step that failed jumps to the hook at the exit; a Scan is one step. */
export function decideHookStep(
  parameters: { readonly operation: 'Scan' | 'Install'; readonly rebootOption: 'RebootIfNeeded' | 'NoReboot' },
  ended: readonly HookStepEnd[],
): HookDecision {
  const step = hookSteps[ended.length];
  if (step === undefined) return { kind: 'end' };
  const skip = (reason: string): HookDecision => ({ kind: 'skip', step, reason });
  if (parameters.operation === 'Scan' && step.name !== 'InitialScan') return skip('The operation is a Scan.');
  if (step.name === 'OnExitHook' || step.name === 'InitialScan') return { kind: 'run', step };
  const failed = ended.find((each) => each.status !== 'Success' && each.status !== 'Skipped');
  if (failed !== undefined) return skip(`The step ${failed.name} did not succeed.`);
  const endOf = (name: string) => ended.find((each) => each.name === name);
  const scan = endOf('InitialScan')?.counts;
  const isRebootWanted = parameters.rebootOption === 'RebootIfNeeded';
  if (step.name !== 'EvaluateScan' && scan?.missing === 0 && (scan.pendingReboot === 0 || !isRebootWanted)) {
    return skip('Nothing is missing, and no reboot is to be done.');
  }
  if (step.name === 'InstallAndReboot') {
    if (!isRebootWanted) return skip('RebootOption is NoReboot.');
    if (endOf('InstallNoReboot')?.counts?.pendingReboot === 0) return skip('Nothing waits for a reboot.');
  }
  return { kind: 'run', step };
}

const GUID = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}';

function hookParameter(when: string): CommandDocument['parameters'][string] {
  return {
    type: 'String',
    description: `Document that runs ${when}; a node runs it only where its policy allows it.`,
    default: noopDocumentName,
    allowedPattern: '^[a-zA-Z0-9_\\-.:/]{3,300}$',
  };
}

function stepContent(step: HookStep): CommandDocument['mainSteps'][number] {
  const precondition = { StringEquals: ['platformType', 'Linux'] as [string, string] };
  if (step.kind === 'hook') {
    return {
      action: 'aws:runDocument',
      name: step.name,
      precondition,
      inputs: { documentType: 'SSMDocument', documentPath: `{{ ${step.parameter} }}` },
    };
  }
  const runCommand =
    step.kind === 'evaluate'
      ? ['exit 0']
      : [
          'echo "This node has no Patchbay patcher: enrol it with the Patchbay agent, which brings it along." >&2',
          'exit 1',
        ];
  const inputs = { timeoutSeconds: step.kind === 'evaluate' ? '60' : '7200', onFailure: 'exit' as const, runCommand };
  return { action: 'aws:runShellScript', name: step.name, precondition, inputs };
}

/** AWS-RunPatchBaselineWithHooks. Our agent carries the steps out itself; their content is for agents that cannot. */
export const runPatchBaselineWithHooks: CommandDocument = {
  schemaVersion: '2.2',
  description: 'Patches a node, and runs documents before and after the installation and at the end.',
  parameters: {
    Operation: {
      type: 'String',
      description: 'Scan looks and changes nothing, and runs no hook. Install brings in the approved patches.',
      allowedValues: ['Scan', 'Install'],
    },
    SnapshotId: {
      type: 'String',
      description: 'Names one set of approvals that several nodes share; empty for none.',
      default: '',
      allowedPattern: `^(${GUID})?$`,
    },
    RebootOption: {
      type: 'String',
      description: 'RebootIfNeeded restarts the node where a patch needs it; NoReboot leaves that to you.',
      default: 'RebootIfNeeded',
      allowedValues: ['RebootIfNeeded', 'NoReboot'],
    },
    PreInstallHookDocName: hookParameter('before patches are installed'),
    PostInstallHookDocName: hookParameter('after patches were installed, before a reboot'),
    OnExitHookDocName: hookParameter('at the end of an Install, whatever came before'),
  },
  mainSteps: hookSteps.map(stepContent),
};

/** AWS-Noop: the hook of those who want none. */
export const noop: CommandDocument = {
  schemaVersion: '2.2',
  description: 'Does nothing, successfully.',
  parameters: {},
  mainSteps: [{ action: 'aws:runShellScript', name: 'Noop', inputs: { timeoutSeconds: '60', runCommand: ['exit 0'] } }],
};
