/**
 * What a task can be told of the window that it runs in (SSM user guide, "Using pseudo parameters when registering
 * maintenance window tasks").
 */
export const pseudoParameters = [
  'WINDOW_ID',
  'WINDOW_TASK_ID',
  'WINDOW_TARGET_ID',
  'WINDOW_EXECUTION_ID',
  'TASK_EXECUTION_ID',
  'INVOCATION_ID',
  'TARGET_TYPE',
  'TARGET_ID',
  'RESOURCE_ID',
] as const;
export type PseudoParameter = (typeof pseudoParameters)[number];

/** One invocation of a Run Command task is for all nodes of a target, so there is no single one to name. */
const notForCommands: readonly PseudoParameter[] = ['TARGET_ID', 'RESOURCE_ID'];

const reference = new RegExp(String.raw`\{\{\s*(${pseudoParameters.join('|')})\s*\}\}`, 'g');

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

/** The pseudo parameters that a value refers to, anywhere in it. */
export function findPseudoParameters(value: unknown): PseudoParameter[] {
  const found = textsIn(value).flatMap((text) => [...text.matchAll(reference)].map(([, name]) => name));
  return pseudoParameters.filter((name) => found.includes(name));
}

/** Those of them that tasks of a type cannot be told. */
export function forbiddenPseudoParameters(taskType: string, value: unknown): PseudoParameter[] {
  if (taskType !== 'RUN_COMMAND') return [];
  return findPseudoParameters(value).filter((name) => notForCommands.includes(name));
}

/** What a Run Command task's pseudo parameters stand for in one of its invocations. */
export type PseudoParameterValues = Readonly<Record<Exclude<PseudoParameter, 'TARGET_ID' | 'RESOURCE_ID'>, string>>;

/** Writes the pseudo parameters into a text; whatever else stands in double braces is left alone. */
export function substitutePseudoParameters(text: string, values: PseudoParameterValues): string {
  const byName = new Map<string, string>(Object.entries(values));
  return text.replaceAll(reference, (whole, name: string) => byName.get(name) ?? whole);
}
