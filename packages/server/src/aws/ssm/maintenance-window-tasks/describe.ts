import { anyResource, authorize } from '../../../operations/authorize.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { keepTargetsWithinReach } from '../maintenance-window-targets/service.ts';
import { choosesFreely } from './permissions.ts';
import type { RegisteredTask } from './repository.ts';
import type { WindowTaskContent } from './tables.ts';

type TaskParameters = NonNullable<WindowTaskContent['taskParameters']>;
type InvocationParameters = NonNullable<WindowTaskContent['taskInvocationParameters']>;

const hidden = '***';

function hideTexts(parameters: Readonly<Record<string, readonly string[]>> | undefined) {
  return parameters && Object.fromEntries(Object.keys(parameters).map((name) => [name, [hidden]]));
}

function hideTaskParameters(parameters: TaskParameters): TaskParameters {
  return Object.fromEntries(Object.keys(parameters).map((name) => [name, { values: [hidden] }]));
}

/** Commands and automations only: tasks of other types are not registered. */
function hideInvocationParameters({ runCommand, automation }: InvocationParameters): InvocationParameters {
  return {
    ...(runCommand ? { runCommand: { ...runCommand, parameters: hideTexts(runCommand.parameters) } } : {}),
    ...(automation ? { automation: { ...automation, parameters: hideTexts(automation.parameters) } } : {}),
  };
}

/** A task as a caller may see it: without nodes that are out of reach, without what may hold a secret. */
export async function describeTask(task: RegisteredTask, context: OperationContext) {
  const { taskParameters, taskInvocationParameters, loggingInfo, ...content } = task.content;
  const showsParameters = !choosesFreely(task) || authorize(context.principal, 'patchbay:ReadSecrets', anyResource);
  // AWS answers this placeholder for tasks without targets, which take neither.
  const rate = task.content.targets.length === 0 ? '1' : undefined;
  return {
    ...content,
    windowId: task.windowId,
    windowTaskId: task.windowTaskId,
    taskArn: task.taskArn,
    taskType: task.taskType,
    priority: task.priority,
    targets: await keepTargetsWithinReach(task.content.targets, context),
    maxConcurrency: rate ?? content.maxConcurrency,
    maxErrors: rate ?? content.maxErrors,
    loggingInfo,
    taskParameters: taskParameters && (showsParameters ? taskParameters : hideTaskParameters(taskParameters)),
    taskInvocationParameters:
      taskInvocationParameters &&
      (showsParameters ? taskInvocationParameters : hideInvocationParameters(taskInvocationParameters)),
  };
}
