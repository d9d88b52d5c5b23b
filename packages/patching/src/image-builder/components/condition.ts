import { compilePattern } from '../../allowed-pattern/linear-pattern.ts';
import type { Path } from '../../documents/document-source.ts';
import { hasReference } from './references.ts';
import { StepProblem } from './step-problem.ts';

/** A question about the machine on which a component runs; only who runs the component can answer it. */
export type MachineQuestion =
  /** Whether a program is found as `type NAME` finds it. */
  | { readonly kind: 'binary-exists'; readonly name: string }
  | { readonly kind: 'file-exists'; readonly path: string }
  | { readonly kind: 'folder-exists'; readonly path: string }
  /** Whether the file is there and has this digest, in hexadecimal digits of either case. */
  | {
      readonly kind: 'file-digest';
      readonly algorithm: DigestAlgorithm;
      readonly path: string;
      readonly digest: string;
    }
  | { readonly kind: 'package-installed'; readonly name: string };

export type DigestAlgorithm = 'MD5' | 'SHA1' | 'SHA256' | 'SHA512';

/** What an `if` or an Assert says (user guide, "Use comparison operators", "Use logical operators"). */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'not'; readonly condition: Condition }
  | {
      readonly kind: 'comparison';
      readonly operator: string;
      /** What stands after the operator. */
      readonly baseline: string;
      /** `value`, or `path` of a digest; null where the operator takes one text only. */
      readonly value: string | null;
    };

type Report = (path: Path, message: string) => void;

interface Operator {
  /** The member for the second text. */
  readonly second: 'value' | 'path' | null;
  readonly decide: (baseline: string, value: string) => boolean | MachineQuestion;
}

/** The guide: comparisons of strings are not case sensitive and trim nothing. */
function compareTexts(baseline: string, value: string): number {
  const [left, right] = [value.toLowerCase(), baseline.toLowerCase()];
  return left < right ? -1 : Number(left > right);
}

/** What the guide takes for a number, and what YAML does; undefined is what cannot be converted. */
function readNumber(text: string): number | undefined {
  return /^[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?$/.test(text) ? Number(text) : undefined;
}

function ofTexts(holds: (order: number) => boolean): Operator {
  return { second: 'value', decide: (baseline, value) => holds(compareTexts(baseline, value)) };
}

function ofNumbers(holds: (difference: number) => boolean): Operator {
  return {
    second: 'value',
    decide: (baseline, value) => {
      const [left, right] = [readNumber(value), readNumber(baseline)];
      return left !== undefined && right !== undefined && holds(left === right ? 0 : left - right);
    },
  };
}

function ofDigest(algorithm: DigestAlgorithm): Operator {
  return { second: 'path', decide: (digest, path) => ({ kind: 'file-digest', algorithm, path, digest }) };
}

function matchesPattern(pattern: string, value: string): boolean {
  // As the other comparisons of texts: the guide's example matches capitals with [a-z].
  const compiled = compilePattern(`(?i)${pattern}`);
  if (!compiled.ok) throw new StepProblem(`the pattern of patternMatches cannot be used: ${compiled.problem}`);
  return compiled.pattern.test(value);
}

const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['stringIsEmpty', { second: null, decide: (text) => text === '' }],
  ['stringIsWhitespace', { second: null, decide: (text) => /^\s+$/.test(text) }],
  ['stringEquals', ofTexts((order) => order === 0)],
  ['stringLessThan', ofTexts((order) => order < 0)],
  ['stringLessThanEquals', ofTexts((order) => order <= 0)],
  ['stringGreaterThan', ofTexts((order) => order > 0)],
  ['stringGreaterThanEquals', ofTexts((order) => order >= 0)],
  ['patternMatches', { second: 'value', decide: matchesPattern }],
  ['numberEquals', ofNumbers((difference) => difference === 0)],
  ['numberLessThan', ofNumbers((difference) => difference < 0)],
  ['numberLessThanEquals', ofNumbers((difference) => difference <= 0)],
  ['numberGreaterThan', ofNumbers((difference) => difference > 0)],
  ['numberGreaterThanEquals', ofNumbers((difference) => difference >= 0)],
  ['binaryExists', { second: null, decide: (name) => ({ kind: 'binary-exists', name }) }],
  ['fileExists', { second: null, decide: (path) => ({ kind: 'file-exists', path }) }],
  ['folderExists', { second: null, decide: (path) => ({ kind: 'folder-exists', path }) }],
  ['fileMD5Equals', ofDigest('MD5')],
  ['fileSHA1Equals', ofDigest('SHA1')],
  ['fileSHA256Equals', ofDigest('SHA256')],
  ['fileSHA512Equals', ofDigest('SHA512')],
  ['packageIsInstalled', { second: null, decide: (name) => ({ kind: 'package-installed', name }) }],
]);

/** The comparisons that conditions know, for messages and documentation. */
export const comparisonOperators: readonly string[] = [...operators.keys()];

/**
 * Reads a condition, every leaf as its text; reports what is wrong and answers null when it is none. `beside` names members
 * that may stand beside the operator (`then` and `else` of an `if`).
 */
export function readCondition(
  value: unknown,
  path: Path,
  report: Report,
  beside: readonly string[] = [],
): Condition | null {
  const refuse = (where: Path, message: string): null => {
    report(where, message);
    return null;
  };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse(path, 'expected a map with one operator, for example fileExists: /etc/motd');
  }
  const members = new Map<string, unknown>(Object.entries(value).filter(([name]) => !beside.includes(name)));
  const found = [...members.keys()].filter((name) => operators.has(name) || ['and', 'or', 'not'].includes(name));
  const [name = ''] = found;
  if (found.length !== 1) {
    const was =
      found.length > 1 ? `found ${found.join(' and ')}` : `known are and, or, not, ${comparisonOperators.join(', ')}`;
    return refuse(path, `expected exactly one operator; ${was}`);
  }
  const given = members.get(name);
  const operator = operators.get(name);
  const known = operator?.second ? [name, operator.second] : [name];
  for (const member of members.keys()) {
    if (!known.includes(member)) report([...path, member], `unknown member ${member} beside ${name}`);
  }
  if (operator === undefined) return readLogical(name, given, [...path, name], report);
  const second = operator.second === null ? null : members.get(operator.second);
  if (typeof given !== 'string') return refuse([...path, name], 'expected a text or a number');
  if (second !== null && typeof second !== 'string') {
    return refuse([...path, operator.second ?? ''], `${name} needs ${operator.second}, a text or a number`);
  }
  if (name === 'patternMatches' && !hasReference(given)) {
    const compiled = compilePattern(`(?i)${given}`);
    if (!compiled.ok) return refuse([...path, name], compiled.problem);
  }
  return { kind: 'comparison', operator: name, baseline: given, value: second };
}

function readLogical(name: string, given: unknown, path: Path, report: Report): Condition | null {
  const listed: readonly unknown[] | null = Array.isArray(given) ? given : null;
  if (name === 'not') {
    // The guide writes it both as a map and as a list of one.
    if (listed !== null && listed.length !== 1) {
      report(path, 'expected one condition');
      return null;
    }
    const condition =
      listed === null ? readCondition(given, path, report) : readCondition(listed[0], [...path, 0], report);
    return condition && { kind: 'not', condition };
  }
  if (listed === null || listed.length === 0) {
    report(path, 'expected a list of conditions');
    return null;
  }
  const conditions = listed.map((each, index) => readCondition(each, [...path, index], report));
  const complete = conditions.filter((each) => each !== null);
  return complete.length < conditions.length ? null : { kind: name === 'or' ? 'or' : 'and', conditions: complete };
}

/** Every text of a condition with its path, for checking its references. */
export function* textsOfCondition(condition: Condition, path: Path): Generator<readonly [Path, string]> {
  if (condition.kind === 'not') {
    yield* textsOfCondition(condition.condition, [...path, 'not']);
  } else if (condition.kind === 'comparison') {
    yield [[...path, condition.operator], condition.baseline];
    const second = operators.get(condition.operator)?.second;
    if (condition.value !== null && second) yield [[...path, second], condition.value];
  } else {
    for (const [index, each] of condition.conditions.entries()) {
      yield* textsOfCondition(each, [...path, condition.kind, index]);
    }
  }
}

/** Decides a condition, asking about the machine only what the outcome still hangs on. */
export function* decideCondition(
  condition: Condition,
  write: (text: string) => string,
): Generator<MachineQuestion, boolean, boolean> {
  if (condition.kind === 'not') return !(yield* decideCondition(condition.condition, write));
  if (condition.kind === 'comparison') {
    const operator = operators.get(condition.operator);
    if (operator === undefined) throw new StepProblem(`there is no operator ${condition.operator}`);
    const decided = operator.decide(write(condition.baseline), write(condition.value ?? ''));
    return typeof decided === 'boolean' ? decided : yield decided;
  }
  const deciding = condition.kind === 'or';
  for (const each of condition.conditions) {
    if ((yield* decideCondition(each, write)) === deciding) return deciding;
  }
  return !deciding;
}
