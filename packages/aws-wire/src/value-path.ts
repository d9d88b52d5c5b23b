import type { Shape } from './shape.ts';

/** Paths as AWS writes them: `targets.1.member.values`, list positions counted from one. */
export function memberPath(parent: string, name: string): string {
  return parent === '' ? name : `${parent}.${name}`;
}

/** The path of the element at a position (from zero) of the list at `list`. */
export function elementPath(list: string, index: number, element: Shape): string {
  return element.kind === 'structure' ? `${list}.${index + 1}.member` : `${list}.${index + 1}`;
}

/** The path of a value of the map at `map`. */
export function entryPath(map: string, key: string, value: Shape): string {
  return value.kind === 'structure' ? `${map}.${key}.member` : `${map}.${key}`;
}
