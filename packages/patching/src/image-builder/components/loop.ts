import type { Path } from '../../documents/document-source.ts';
import { StepProblem } from './step-problem.ts';

/** How often a step runs and with which values (user guide, "Use looping constructs in AWSTOE"). */
export type StepLoop = { readonly name: string | null } & (
  | { readonly kind: 'for'; readonly start: number; readonly end: number; readonly updateBy: number }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'delimited'; readonly list: string; readonly delimiter: string }
);

export interface LoopIteration {
  readonly index: number;
  readonly value: string;
}

type Report = (path: Path, message: string) => void;

/** AWS documents no limit. What runs without asking the machine anything must not keep its process busy for long. */
export const mostIterations = 10_000;

/** The characters that may stand between the values of a list. */
const delimiters = ['.', ',', ';', ':', '\n', '\t', ' ', '-', '_'];

type Members = Readonly<Record<string, unknown>>;

function isMap(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reports members that are not among the known ones. */
export function reportUnknownMembers(value: Members, known: readonly string[], path: Path, report: Report): void {
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) report([...path, name], `unknown member ${name}; known are ${known.join(', ')}`);
  }
}

/** Reads `loop` of a step, every leaf as its text; reports what is wrong and answers null when it is no loop. */
export function readLoop(value: unknown, path: Path, report: Report): StepLoop | null {
  if (!isMap(value)) {
    report(path, 'expected a map with for or forEach');
    return null;
  }
  reportUnknownMembers(value, ['name', 'for', 'forEach'], path, report);
  const { name = null, for: range, forEach } = value;
  if (name !== null && (typeof name !== 'string' || !/^[^.{}[\]]+$/.test(name))) {
    report([...path, 'name'], 'expected a text without . { } [ ]');
    return null;
  }
  if ((range === undefined) === (forEach === undefined)) {
    report(path, 'expected exactly one of for and forEach');
    return null;
  }
  if (range !== undefined) return readRange(name, range, [...path, 'for'], report);
  const listPath = [...path, 'forEach'];
  if (Array.isArray(forEach)) {
    const items: string[] = [];
    for (const [index, item] of forEach.entries()) {
      if (typeof item === 'string') items.push(item);
      else report([...listPath, index], 'expected a text');
    }
    if (forEach.length === 0) report(listPath, 'expected one value or more');
    return { name, kind: 'list', items };
  }
  if (!isMap(forEach)) {
    report(listPath, 'expected a list of texts, or a map with list and delimiter');
    return null;
  }
  reportUnknownMembers(forEach, ['list', 'delimiter'], listPath, report);
  const { list, delimiter = ',' } = forEach;
  if (typeof delimiter !== 'string' || !delimiters.includes(delimiter)) {
    report([...listPath, 'delimiter'], `expected one of ${delimiters.map((each) => JSON.stringify(each)).join(' ')}`);
    return null;
  }
  if (typeof list !== 'string') {
    report([...listPath, 'list'], 'expected a text with values between delimiters');
    return null;
  }
  return { name, kind: 'delimited', list, delimiter };
}

function readRange(name: string | null, value: unknown, path: Path, report: Report): StepLoop | null {
  if (!isMap(value)) {
    report(path, 'expected a map with start, end and updateBy');
    return null;
  }
  const members = ['start', 'end', 'updateBy'];
  reportUnknownMembers(value, members, path, report);
  const [start, end, updateBy] = members.map((member) => {
    const text = value[member];
    if (typeof text === 'string' && /^[-+]?[0-9]{1,15}$/.test(text)) return Number(text);
    report([...path, member], 'expected a whole number; references are not taken here');
    return undefined;
  });
  if (start === undefined || end === undefined || updateBy === undefined) return null;
  if (updateBy === 0 || (end - start) * updateBy < 0) {
    report([...path, 'updateBy'], `from ${start} in steps of ${updateBy} the loop never reaches ${end}`);
    return null;
  }
  if (Math.floor((end - start) / updateBy) >= mostIterations) {
    report(path, `the loop has more than ${mostIterations} iterations`);
    return null;
  }
  return { name, kind: 'for', start, end, updateBy };
}

/**
 * The iterations of a loop, both ends of a range included; `write` puts values in place of references, once and before the
 * first iteration: the guide calls the list immutable. Throws StepProblem for more than there may be.
 */
export function iterationsOf(loop: StepLoop, write: (text: string) => string): LoopIteration[] {
  const values = valuesOf(loop, write);
  if (values.length > mostIterations) throw new StepProblem(`its loop has more than ${mostIterations} iterations`);
  return values.map((value, index) => ({ index, value }));
}

function valuesOf(loop: StepLoop, write: (text: string) => string): string[] {
  if (loop.kind === 'list') return loop.items.map(write);
  if (loop.kind === 'for') {
    const { start, end, updateBy } = loop;
    const length = Math.floor((end - start) / updateBy) + 1;
    return Array.from({ length }, (_, index) => String(start + index * updateBy));
  }
  const list = write(loop.list);
  return list === '' ? [] : list.split(loop.delimiter);
}
