/** What pseudo parameters stand for in a task's parameters (SSM user guide, "Using pseudo parameters"). */
export interface PseudoParameters {
  readonly WINDOW_ID: string;
  readonly WINDOW_TASK_ID: string;
  readonly WINDOW_TARGET_ID: string;
  readonly WINDOW_EXECUTION_ID: string;
  readonly TASK_EXECUTION_ID: string;
  readonly INVOCATION_ID: string;
  readonly TARGET_TYPE: string;
}

/** Writes the pseudo parameters into a task's parameters; whatever else stands in double braces is left alone. */
export function substitutePseudoParameters(
  parameters: Readonly<Record<string, readonly string[]>>,
  pseudo: PseudoParameters,
): Record<string, string[]> {
  const values = new Map(Object.entries(pseudo));
  const substitute = (text: string) =>
    text.replaceAll(/\{\{\s*([A-Z_]+)\s*\}\}/g, (whole, name: string) => values.get(name) ?? whole);
  return Object.fromEntries(Object.entries(parameters).map(([name, texts]) => [name, texts.map(substitute)]));
}
