import { accessDeniedError } from '@patchbay/aws-wire';
import { commandParametersOf } from '@patchbay/patching';
import { authorize, reachOf } from '../../../operations/authorize.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { principalArn } from '../../../operations/principal.ts';
import { documentResource } from '../documents/find-document.ts';
import { permissionsToSend } from '../documents/permissions.ts';
import type { WindowTaskContent } from './tables.ts';

/** What of a task decides who may have it run. */
export interface RunnableTask {
  readonly taskArn: string;
  readonly content: Pick<WindowTaskContent, 'taskInvocationParameters' | 'taskParameters'>;
}

/** The permissions that it takes to send what a task sends. */
function permissionsToRun({ taskArn, content }: RunnableTask): readonly string[] {
  return ['ssm:SendCommand', ...permissionsToSend(taskArn, commandParametersOf(content))];
}

/** Whether a task does what its owner likes, so that its parameters may hold a secret. */
export function choosesFreely(task: RunnableTask): boolean {
  return permissionsToRun(task).length > 1;
}

/**
 * Refuses a caller who may not send what the task sends, to any node: a window must not lend its callers more than they
 * have. A permission over some nodes only is not enough, since nobody asks again when the window opens.
 */
export function requireMayRun(
  task: RunnableTask,
  context: Pick<OperationContext, 'principal' | 'accountId' | 'region'>,
): void {
  const resource = documentResource(task.taskArn, context);
  const { principal } = context;
  const missing = permissionsToRun(task).find(
    (permission) => !authorize(principal, permission, resource) || reachOf(principal, permission).length > 0,
  );
  if (missing !== undefined) throw accessDeniedError(principalArn(principal), missing, resource.arn);
}
