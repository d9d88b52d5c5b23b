import { describe, expect, it } from 'vitest';
import { readTime } from './storable-time.ts';

describe('a time that a caller writes', () => {
  it.each([
    ['2026-11-22', '2026-11-22T00:00:00.000Z'],
    ['2026-11-22T10:30', '2026-11-22T10:30:00.000Z'],
    ['2026-11-22T10:30:15.5', '2026-11-22T10:30:15.500Z'],
    ['2026-11-22T10:30:15Z', '2026-11-22T10:30:15.000Z'],
    ['2026-11-22T10:30:15+01:00', '2026-11-22T09:30:15.000Z'],
  ])('%s is %s, whatever the zone of the machine', (text, expected) => {
    expect(readTime(text)?.toISOString()).toBe(expected);
  });

  it.each(['1', 'yesterday', 'Nov 22 2026', '2026-13-01', '2026-11-22T25:00:00Z', '-271821-04-20T00:00:00Z', ''])(
    '%j is none',
    (text) => {
      expect(readTime(text)).toBeNull();
    },
  );
});
