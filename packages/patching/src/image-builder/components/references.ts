/** What `{{ … }}` in a text of a component document can stand for (user guide, "Define and reference variables", "Input and output chaining", "Use looping constructs"). */
export type Reference =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'loop'; readonly loop: string; readonly member: 'index' | 'value' }
  | ChainReference;

export interface ChainReference {
  readonly kind: 'chain';
  readonly phase: string;
  readonly step: string;
  readonly side: 'inputs' | 'outputs';
  readonly index: number | null;
  readonly variable: string;
}

const EXPRESSION = /\{\{([^{}]*)\}\}/g;

/** Reads what stands between the braces; null for what has the form of no reference, such as `.Names` of another tool. */
export function readReference(expression: string): Reference | null {
  if (/^[A-Za-z0-9_-]+$/.test(expression)) return { kind: 'name', name: expression };
  const [, loop, member] = /^([^.[\]]+)\.(index|value)$/.exec(expression) ?? [];
  if (loop !== undefined) return { kind: 'loop', loop, member: member === 'index' ? 'index' : 'value' };
  const chain = /^([^.[\]]+)\.([^.[\]]+)\.(inputs|outputs)(?:\[([0-9]{1,4})\])?\.([A-Za-z0-9_-]+)$/.exec(expression);
  if (chain === null) return null;
  const [, phase = '', step = '', side, index, variable = ''] = chain;
  return {
    kind: 'chain',
    phase,
    step,
    side: side === 'inputs' ? 'inputs' : 'outputs',
    index: index === undefined ? null : Number(index),
    variable,
  };
}

/** The expressions of a text, without braces and the space at their ends, in order. */
export function findExpressions(text: string): string[] {
  return [...text.matchAll(EXPRESSION)].map(([, expression = '']) => expression.trim());
}

/** Whether a text says something else once references have their values. */
export function hasReference(text: string): boolean {
  return findExpressions(text).some((expression) => readReference(expression) !== null);
}

/**
 * Writes values for the expressions of a text; where `valueOf` has none, the text stays as it is. What is written is never
 * looked at again, so no value brings in another reference.
 */
export function substituteExpressions(text: string, valueOf: (expression: string) => string | undefined): string {
  return text.replaceAll(EXPRESSION, (written: string, expression: string) => valueOf(expression.trim()) ?? written);
}

/** The same for every text of a value; the names in maps stay as they are. */
export function substituteInputs(value: unknown, valueOf: (expression: string) => string | undefined): unknown {
  if (typeof value === 'string') return substituteExpressions(value, valueOf);
  if (Array.isArray(value)) return value.map((each) => substituteInputs(each, valueOf));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, substituteInputs(each, valueOf)]));
}
