import { describe, expect, it } from 'vitest';
import { parseChangelogDate } from './changelog-date.ts';

describe('the date of a changelog entry', () => {
  it.each([
    [' -- Ann Other <ann@example.test>  Mon, 22 Mar 2010 09:12:13 +0100', '2010-03-22T08:12:13.000Z'],
    [' -- Ann -- Other <a@example.test>  Sat, 01 Feb 2025 00:00:00 -0530', '2025-02-01T05:30:00.000Z'],
    [' -- Ann <a@example.test>  Tue,  4 Feb 2025 23:59:59 +0000', '2025-02-04T23:59:59.000Z'],
    [' -- Ann <a@example.test>  4 Feb 2025 23:59:59 +0000', '2025-02-04T23:59:59.000Z'],
  ])('is read from %j', (line, expected) => {
    expect(parseChangelogDate(line)).toBe(expected);
  });

  it.each([
    '',
    '-- Ann <a@example.test>  Mon, 22 Mar 2010 09:12:13 +0100',
    ' -- Ann <a@example.test> Mon, 22 Mar 2010 09:12:13 +0100',
    ' -- Ann <a@example.test>  Mon, 31 Feb 2010 09:12:13 +0100',
    ' -- Ann <a@example.test>  Mon, 22 Mrz 2010 09:12:13 +0100',
    ' -- Ann <a@example.test>  Mon, 22 Mar 2010 25:12:13 +0100',
    ' -- Ann <a@example.test>  yesterday',
  ])('is none in %j', (line) => {
    expect(parseChangelogDate(line)).toBeNull();
  });
});
