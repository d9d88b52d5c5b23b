import { describe, expect, it } from 'vitest';
import { matchesPinExpression } from './pin-expression.ts';

describe('a pin expression', () => {
  it.each([
    ['lib*', 'libc6', true],
    ['LIB?6', 'libc6', true],
    ['lib[ab]6', 'libc6', false],
    ['lib[!ab]6', 'libc6', true],
    ['lib.6', 'libc6', false],
    ['c', 'libc6', false],
    ['/^lib[[:alpha:]][0-9]$/', 'libc6', true],
    ['/c/', 'libc6', true],
    ['/(/', '(', false],
  ])('%s against %s: %s', (pattern, text, expected) => {
    expect(matchesPinExpression(pattern, text)).toBe(expected);
  });
});
