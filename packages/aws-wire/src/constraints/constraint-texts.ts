import type { Shape } from '../shape.ts';
import { compileJavaPattern } from './java-pattern.ts';

// A value far over its limit is not matched against the pattern: some of AWS's patterns take quadratic time.
const longestMatchedText = 4096;

/** All constraints of a shape in AWS's words and order: upper bound, lower bound, pattern, enum. */
export function describeConstraints(shape: Shape): string[] {
  const { min, max, pattern, enumValues } = shape.constraints ?? {};
  return [
    ...(max === undefined ? [] : [boundText(shape, 'less', max)]),
    ...(min === undefined ? [] : [boundText(shape, 'greater', min)]),
    ...(pattern === undefined ? [] : [patternText(pattern)]),
    ...(enumValues === undefined ? [] : [enumText(enumValues)]),
  ];
}

/** The sentences of the constraints that a value breaks, not looking into lists, maps and structures. */
export function brokenConstraints(shape: Shape, value: unknown): string[] {
  if (shape.constraints === undefined) return [];
  const { min, max, pattern, enumValues } = shape.constraints;
  const size = sizeOf(value);
  const broken: string[] = [];
  const isTooLarge = max !== undefined && size > max;
  if (isTooLarge) broken.push(boundText(shape, 'less', max));
  if (min !== undefined && size < min) broken.push(boundText(shape, 'greater', min));
  if (typeof value === 'string') {
    const isMatched = !(isTooLarge && value.length > longestMatchedText);
    if (pattern !== undefined && isMatched && !compileJavaPattern(pattern).test(value))
      broken.push(patternText(pattern));
    if (enumValues !== undefined && !enumValues.includes(value)) broken.push(enumText(enumValues));
  }
  return broken;
}

function sizeOf(value: unknown): number {
  if (typeof value === 'number') return value;
  // Smithy counts code points: https://smithy.io/2.0/spec/constraint-traits.html#length-trait
  if (typeof value === 'string') return countCodePoints(value);
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function boundText(shape: Shape, direction: 'less' | 'greater', bound: number): string {
  const isNumber = shape.kind === 'integer' || shape.kind === 'long' || shape.kind === 'float';
  return `Member must have ${isNumber ? 'value' : 'length'} ${direction} than or equal to ${bound}`;
}

function patternText(pattern: string): string {
  return `Member must satisfy regular expression pattern: ${pattern}`;
}

function enumText(values: readonly string[]): string {
  return `Member must satisfy enum value set: [${values.join(', ')}]`;
}
