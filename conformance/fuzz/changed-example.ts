import * as fc from 'fast-check';
import { oddJson, oddNumber, oddText, oddTimes } from './odd-values.ts';

const mark = '\u0001odd\u0001';

type Path = readonly (string | number)[];

/** JSON text of an accepted input with one of its values, wherever it stands, replaced or gone. */
export function changedExample(example: object): fc.Arbitrary<string> {
  const changes = pathsOf(example).map((path) =>
    fc.record({ path: fc.constant(path), value: oddInsteadOf(valueAt(example, path)), isGone: oneInFive }),
  );
  return fc.oneof(...changes).map((change) => {
    const changed: unknown = structuredClone(example);
    replaceAt(changed, change.path, change.isGone ? undefined : mark);
    return JSON.stringify(changed).replace(JSON.stringify(mark), () => change.value);
  });
}

const oneInFive = fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });

/** Mostly of the same type: another one is refused at the door. */
function oddInsteadOf(value: unknown): fc.Arbitrary<string> {
  const alike = typeof value === 'number' ? oddNumber : typeof value === 'string' ? oddTextInsteadOf(value) : oddJson;
  return fc.oneof({ weight: 3, arbitrary: alike }, { weight: 1, arbitrary: oddJson });
}

function oddTextInsteadOf(text: string): fc.Arbitrary<string> {
  const isTime = /^\d{4}-\d{2}-\d{2}T/.test(text);
  return (isTime ? fc.constantFrom(...oddTimes) : oddText).map((odd) => JSON.stringify(odd));
}

function valueAt(example: object, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], example);
}

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? value.map((element: unknown, index) => [index, element])
    : Object.entries(value);
  const inner = entries.flatMap(([key, member]) => pathsOf(member, [...path, key]));
  return path.length === 0 ? inner : [path, ...inner];
}

function replaceAt(value: unknown, path: Path, replacement: unknown): void {
  const last = path.at(-1);
  if (last === undefined) return;
  let holder = value as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string | number, unknown>;
  holder[last] = replacement;
}
