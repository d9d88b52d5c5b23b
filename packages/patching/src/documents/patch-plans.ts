import type { CommandDocument } from './command-document.ts';

/** The document that makes a node's part of a patch plan. */
export const planDocumentName = 'Patchbay-PlanPatches';
/** The document that carries out a node's part of a patch plan. */
export const applyDocumentName = 'Patchbay-ApplyPlan';

const planId = {
  type: 'String',
  description: 'The patch plan, as CreatePatchPlan answered it.',
  allowedPattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
} as const;

function patcherStep(): CommandDocument['mainSteps'][number] {
  return {
    action: 'aws:runShellScript',
    name: 'PatchLinux',
    precondition: { StringEquals: ['platformType', 'Linux'] },
    inputs: {
      timeoutSeconds: '7200',
      onFailure: 'exit',
      runCommand: [
        '#!/bin/sh',
        'echo "The agent of this node knows no patch plans, so nothing was planned or installed." >&2',
        'echo "Bring it up to date (AWS-UpdateSSMAgent), or enrol the node with the Patchbay agent." >&2',
        'exit 1',
      ],
    },
  };
}

/** A Scan whose simulation the control plane freezes. Like patching it runs the patcher only, and no content of its own. */
export const planPatches: CommandDocument = {
  schemaVersion: '2.2',
  description: 'Finds out exactly what patching would change on a node, and changes nothing.',
  parameters: { PlanId: planId },
  mainSteps: [patcherStep()],
};

/** An Install that brings in what a node's plan holds and nothing else. */
export const applyPlan: CommandDocument = {
  schemaVersion: '2.2',
  description: 'Carries out a patch plan on a node: exactly what it holds, and only where nothing has moved since.',
  parameters: {
    PlanId: planId,
    RebootOption: {
      type: 'String',
      description: 'RebootIfNeeded restarts the node where a patch needs it; NoReboot leaves that to you.',
      default: 'RebootIfNeeded',
      allowedValues: ['RebootIfNeeded', 'NoReboot'],
    },
  },
  mainSteps: [patcherStep()],
};

/** What of AWS-RunPatchBaseline's parameters a document that runs the patcher stands for; null for any other document. */
export function patcherOrderOf(
  documentName: string,
  values: Readonly<Record<string, unknown>>,
): { readonly operation: 'Scan' | 'Install'; readonly rebootOption: 'RebootIfNeeded' | 'NoReboot' } | null {
  if (documentName === planDocumentName) return { operation: 'Scan', rebootOption: 'NoReboot' };
  if (documentName !== applyDocumentName) return null;
  return { operation: 'Install', rebootOption: values['RebootOption'] === 'NoReboot' ? 'NoReboot' : 'RebootIfNeeded' };
}
