import * as fc from 'fast-check';
import { oddJson } from './odd-values.ts';

const mark = '\u0001odd\u0001';

type Path = readonly (string | number)[];

/** JSON text of an accepted input with one of its values, wherever it stands, replaced or gone. */
export function changedExample(example: object): fc.Arbitrary<string> {
  const paths = pathsOf(example);
  return fc.record({ path: fc.constantFrom(...paths), value: oddJson, isGone: fc.boolean() }).map((change) => {
    const changed: unknown = structuredClone(example);
    replaceAt(changed, change.path, change.isGone ? undefined : mark);
    return JSON.stringify(changed).replace(JSON.stringify(mark), () => change.value);
  });
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
