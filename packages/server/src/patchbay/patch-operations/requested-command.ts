import type { PatchOperationKind } from '@patchbay/contracts';
import {
  hookSteps,
  hooksDocumentName,
  type ParameterValues,
  patchDocumentName,
  patcherOrderOf,
  resolveParameters,
  textOf,
} from '@patchbay/patching';
import { findInvocation } from '../../aws/ssm/commands/repository.ts';
import { findSentCommand } from '../../aws/ssm/commands/sent-documents.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { areOverridesInConflict } from '../overrides/service.ts';
import { PatchOperationError } from './errors.ts';

interface Requested {
  readonly commandId: string;
  readonly stepName: string;
  readonly operation: PatchOperationKind;
  readonly rebootOption: string;
  readonly snapshotId: string;
}

type Allowed = Pick<Requested, 'operation' | 'rebootOption' | 'snapshotId'>;

/** What a command asks for beside the operation itself. */
export interface Ordered {
  /** The patch plan that it makes or carries out; null where it is about none. */
  readonly patchPlanId: string | null;
}

/** What a step of a command's document may begin; null where it does not patch. */
function operationOf(documentName: string, stepName: string, values: ParameterValues): Allowed | null {
  const [operation, rebootOption, snapshotId] = ['Operation', 'RebootOption', 'SnapshotId'].map((name) =>
    textOf(values, name),
  );
  const asked = {
    operation: operation === 'Install' ? 'Install' : 'Scan',
    rebootOption: rebootOption ?? '',
    snapshotId: snapshotId ?? '',
  } as const;
  if (documentName === patchDocumentName && stepName === '') return asked;
  const planned = stepName === '' ? patcherOrderOf(documentName, values) : null;
  if (planned !== null) return { ...planned, snapshotId: '' };
  if (documentName !== hooksDocumentName) return null;
  const step = hookSteps.find((each) => each.name === stepName);
  if (step?.kind !== 'patch' || (step.operation === 'Install' && operation !== 'Install')) return null;
  return { operation: step.operation, rebootOption: step.rebootOption, snapshotId: asked.snapshotId };
}

/** A node carries out what the command says: the operation must be the one that somebody sent and was allowed to send. */
export async function requireCommand(
  instanceId: string,
  requested: Requested,
  context: OperationContext,
): Promise<Ordered> {
  const { commandId, stepName } = requested;
  const refuse = (message: string) => new PatchOperationError('PATCH_OPERATION_COMMAND', message);
  const sent = await findSentCommand(commandId, context);
  if (!sent || !(await findInvocation(context.db, context, commandId, instanceId))) {
    throw refuse(`No command ${commandId} was sent to ${instanceId}.`);
  }
  const { command, documents } = sent;
  const resolved = resolveParameters(documents.content, command.parameters);
  if (!resolved.ok) throw new Error(`The stored command ${commandId} does not fit its document`);
  const allowed = operationOf(command.documentName, stepName, resolved.values);
  if (allowed === null) {
    const step = stepName === '' ? '' : `, step ${stepName},`;
    throw refuse(`The command ${commandId} runs ${command.documentName}${step} and does not patch.`);
  }
  for (const [member, parameter] of [
    ['operation', 'Operation'],
    ['rebootOption', 'RebootOption'],
    ['snapshotId', 'SnapshotId'],
  ] as const) {
    // A Scan never reboots, whatever it is told (SSM user guide, RebootOption).
    if (requested[member] === allowed[member] || (member === 'rebootOption' && allowed.operation === 'Scan')) continue;
    throw refuse(`The command ${commandId} says ${parameter} ${allowed[member]}, not ${requested[member]}.`);
  }
  if (areOverridesInConflict(resolved.values)) {
    throw refuse(
      'BaselineOverride and InstallOverrideList cannot be used together. Nothing was scanned or installed: send the command again with one of them.',
    );
  }
  const isAboutPlan = patcherOrderOf(command.documentName, resolved.values) !== null;
  return { patchPlanId: isAboutPlan ? textOf(resolved.values, 'PlanId') : null };
}
