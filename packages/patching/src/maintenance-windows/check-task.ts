import type { CommandDocument } from '../documents/command-document.ts';
import { type ParameterProblem, resolveParameters } from '../documents/resolve-parameters.ts';
import { findPseudoParameters, forbiddenPseudoParameters } from './pseudo-parameters.ts';
import type { WindowProblem } from './window-problem.ts';
import type { WindowTarget } from './window-targets.ts';

/** What is checked of a task once its targets have been read. */
export interface CheckedTask {
  readonly taskType: string;
  readonly targets: readonly WindowTarget[];
  readonly maxConcurrency?: string | undefined;
  readonly maxErrors?: string | undefined;
  /** Under `runCommand`, `automation`, `stepFunctions` or `lambda`. */
  readonly taskInvocationParameters?: Readonly<Partial<Record<InvocationMember, unknown>>> | undefined;
  /** What there was before TaskInvocationParameters. */
  readonly taskParameters?: TaskParameters | undefined;
}

type TaskParameters = Readonly<Record<string, { readonly values?: readonly string[] | undefined }>>;

type InvocationMember = 'runCommand' | 'automation' | 'stepFunctions' | 'lambda';

const invocationMembers: readonly (readonly [InvocationMember, wireName: string, taskType: string])[] = [
  ['runCommand', 'RunCommand', 'RUN_COMMAND'],
  ['automation', 'Automation', 'AUTOMATION'],
  ['stepFunctions', 'StepFunctions', 'STEP_FUNCTIONS'],
  ['lambda', 'Lambda', 'LAMBDA'],
];

function checkRates(task: CheckedTask): WindowProblem[] {
  const rates = [
    ['MaxConcurrency', task.maxConcurrency],
    ['MaxErrors', task.maxErrors],
  ] as const;
  if (task.targets.length > 0) {
    return rates.flatMap(([path, value]) =>
      value === undefined ? [{ path, message: `${path} is required for a task with targets.` }] : [],
    );
  }
  return rates.flatMap(([path, value]) =>
    value === undefined ? [] : [{ path, message: `Tasks without targets don't support ${path} values.` }],
  );
}

/** What AWS checks of a task beyond the shapes of its members; an empty list when all is well. */
export function checkTask(task: CheckedTask): WindowProblem[] {
  const { taskType, targets, taskInvocationParameters, taskParameters } = task;
  const problems = checkRates(task);
  if (taskType === 'RUN_COMMAND' && targets.length === 0) {
    problems.push({ path: 'Targets', message: 'A RUN_COMMAND task needs targets: WindowTargetIds or InstanceIds.' });
  }
  for (const [member, wireName, fitting] of invocationMembers) {
    if (taskInvocationParameters?.[member] === undefined || fitting === taskType) continue;
    problems.push({
      path: `TaskInvocationParameters.${wireName}`,
      message: `TaskInvocationParameters.${wireName} does not fit a task of type ${taskType}.`,
    });
  }
  for (const name of forbiddenPseudoParameters(taskType, [taskInvocationParameters, taskParameters])) {
    problems.push({
      path: 'TaskInvocationParameters',
      message: `The pseudo parameter {{${name}}} is not available to tasks of type ${taskType}.`,
    });
  }
  return problems;
}

/**
 * The parameters of the command that a task sends: those of TaskInvocationParameters, and only where it has none the older
 * TaskParameters (SSM API, RegisterTaskWithMaintenanceWindow).
 */
export function commandParametersOf(task: {
  readonly taskInvocationParameters?:
    | {
        readonly runCommand?:
          | { readonly parameters?: Readonly<Record<string, readonly string[]>> | undefined }
          | undefined;
      }
    | undefined;
  readonly taskParameters?: TaskParameters | undefined;
}): Readonly<Record<string, readonly string[]>> {
  const older = Object.entries(task.taskParameters ?? {}).map(([name, { values }]) => [name, values ?? []] as const);
  return task.taskInvocationParameters?.runCommand?.parameters ?? Object.fromEntries(older);
}

const storedParameter = /\{\{\s*ssm(?:-secure)?:/;

/** Values that are not known before the task runs. */
function isKnownLater(texts: readonly string[]): boolean {
  return texts.some((text) => storedParameter.test(text)) || findPseudoParameters(texts).length > 0;
}

/**
 * Checks a task's parameters against its document. What refers to a pseudo parameter or to the Parameter Store has a
 * value only when the task runs: of it, only the name is checked.
 */
export function checkTaskParameters(
  document: CommandDocument,
  given: Readonly<Record<string, readonly string[]>>,
): readonly ParameterProblem[] {
  const later = new Set(Object.entries(given).flatMap(([name, texts]) => (isKnownLater(texts) ? [name] : [])));
  const known = Object.fromEntries(
    Object.entries(given).filter(([name]) => !later.has(name) || !Object.hasOwn(document.parameters, name)),
  );
  const resolved = resolveParameters(document, known);
  return resolved.ok
    ? []
    : resolved.problems.filter(({ parameter }) => !later.has(parameter) || Object.hasOwn(known, parameter));
}
