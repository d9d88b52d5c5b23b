import {
  commandParametersOf,
  documentNameIn,
  hooksDocumentName,
  type PseudoParameterValues,
  patchDocumentName,
  substitutePseudoParameters,
} from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import { type CommandRequest, sendCommand } from '../commands/service.ts';
import type { WindowTarget } from '../maintenance-window-targets/tables.ts';
import { type Invocation, type TaskExecution, updateInvocation, type WindowExecution } from './repository.ts';

export type RunContext = Pick<OperationContext, 'db' | 'now' | 'dependencies'>;

/** SSM API, SendCommand: TimeoutSeconds. */
const shortestTimeoutSeconds = 30;
const longestTimeoutSeconds = 2_592_000;

/**
 * How long a command may wait for its nodes: what the task says, and otherwise as long as the window lasts. So a node that
 * was offline at its beginning is patched when it comes back in time, and one that concurrency holds back is not given up.
 */
function deliveryTimeout(
  given: number | undefined,
  execution: WindowExecution,
  task: TaskExecution,
  now: Date,
): number {
  if (given !== undefined) return given;
  const until = task.content.cutoffBehavior === 'CANCEL_TASK' ? execution.noStartsAfter : execution.endsAt;
  const seconds = Math.floor((until.getTime() - now.getTime()) / 1000);
  return Math.min(longestTimeoutSeconds, Math.max(shortestTimeoutSeconds, seconds));
}

/** A window's installs share one set of approvals: SSM user guide, "SnapshotId" (the service gives it in a window). */
function withSnapshot(taskArn: string, parameters: Record<string, string[]>, snapshotId: string) {
  const isPatching = [patchDocumentName, hooksDocumentName].includes(documentNameIn(taskArn));
  const isGiven = (parameters['SnapshotId']?.[0] ?? '') !== '';
  return isPatching && !isGiven ? { ...parameters, SnapshotId: [snapshotId] } : parameters;
}

function requestOf(
  { execution, task, invocation }: { execution: WindowExecution; task: TaskExecution; invocation: Invocation },
  targets: readonly WindowTarget[],
  now: Date,
): CommandRequest {
  const { content } = task;
  const given = content.taskInvocationParameters?.runCommand;
  const pseudo: PseudoParameterValues = {
    WINDOW_ID: execution.windowId,
    WINDOW_TASK_ID: task.windowTaskId,
    WINDOW_TARGET_ID: invocation.windowTargetId ?? '',
    WINDOW_EXECUTION_ID: execution.windowExecutionId,
    TASK_EXECUTION_ID: task.taskExecutionId,
    INVOCATION_ID: invocation.invocationId,
    TARGET_TYPE: 'INSTANCE',
  };
  const substitute = (text: string) => substitutePseudoParameters(text, pseudo);
  const parameters = Object.fromEntries(
    Object.entries(commandParametersOf(content)).map(([name, texts]) => [name, texts.map(substitute)]),
  );
  return {
    documentName: content.taskArn,
    documentVersion: given?.documentVersion,
    documentHash: given?.documentHash,
    documentHashType: given?.documentHashType,
    instanceIds: [],
    targets,
    parameters: withSnapshot(content.taskArn, parameters, execution.windowExecutionId),
    comment: substitute(given?.comment ?? ''),
    timeoutSeconds: deliveryTimeout(given?.timeoutSeconds, execution, task, now),
    maxConcurrency: content.maxConcurrency,
    maxErrors: content.maxErrors,
    isOfflineSkipped: execution.content.offlineNodes === 'skip',
  };
}

/** Sends the command of one invocation, in the name of the window. @throws AppError where the command is not taken. */
export async function startCommand(
  parts: { readonly execution: WindowExecution; readonly task: TaskExecution; readonly invocation: Invocation },
  context: RunContext,
): Promise<void> {
  const { execution, invocation } = parts;
  const { accountId, region, windowId } = execution;
  const request = requestOf(parts, invocation.targets, context.now);
  const principal = { kind: 'window', accountId, region, windowId } as const;
  const command = await sendCommand(request, { ...context, accountId, region, principal, reach: [] });
  const { documentName, targets, maxConcurrency, maxErrors, parameters } = request;
  await updateInvocation(context.db, invocation.invocationId, {
    executionId: command.commandId,
    parameters: JSON.stringify({ documentName, targets, maxConcurrency, maxErrors, parameters }),
    status: 'IN_PROGRESS',
    statusDetails: '',
    startedAt: context.now,
  });
}
