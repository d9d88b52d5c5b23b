import type { Shape } from '../shape.ts';

const longestPrintedValue = 1024;

/** A value as AWS's Java prints it: `[a, b]`, `{key=value}`, `Target(key=…, values=[…])`; cut after 1,024 characters. */
export function printValue(shape: Shape, value: unknown): string {
  const text = print(shape, value);
  return text.length <= longestPrintedValue ? text : `${text.slice(0, longestPrintedValue)}…`;
}

function print(shape: Shape, value: unknown): string {
  if (shape.sensitive === true) return '***';
  if (shape.kind === 'list' && Array.isArray(value)) {
    return `[${value.map((element) => print(shape.element, element)).join(', ')}]`;
  }
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (shape.kind === 'map') {
    return `{${Object.entries(value)
      .map(([key, entry]) => `${key}=${print(shape.value, entry)}`)
      .join(', ')}}`;
  }
  if (shape.kind !== 'structure') return JSON.stringify(value);
  const members = new Map<string, unknown>(Object.entries(value));
  return `${shape.name}(${shape.members
    .filter(({ name }) => members.has(name))
    .map((member) => `${member.name}=${print(member.shape, members.get(member.name))}`)
    .join(', ')})`;
}
