import type { ChangelogEvidence } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { approvalInstant } from './approval-instant.ts';
import { dateRelease } from './release-date.ts';

function instantOf(delay: Parameters<typeof approvalInstant>[0], availableAt: string): string | null {
  const instant = approvalInstant(delay, { rung: 'first-seen', availableAt });
  return instant === null ? null : new Date(instant).toISOString();
}

describe('approvalInstant', () => {
  it.each([
    // User guide: a release of 7 July with a delay of seven days is approved on 14 July.
    [7, '2026-07-07T00:00:00Z', '2026-07-14T00:00:00.000Z'],
    [7, '2026-07-07T23:59:59Z', '2026-07-14T00:00:00.000Z'],
    [7, '2026-07-08T00:30:00+02:00', '2026-07-14T00:00:00.000Z'],
    [0, '2026-07-07T12:00:00Z', '2026-07-07T00:00:00.000Z'],
    [1, '2026-12-31T12:00:00Z', '2027-01-01T00:00:00.000Z'],
    [360, '2026-01-01T12:00:00Z', '2026-12-27T00:00:00.000Z'],
  ])('after %d days approves a release of %s at %s', (approveAfterDays, availableAt, expected) => {
    expect(instantOf({ approveAfterDays }, availableAt)).toBe(expected);
  });

  it.each([
    ['2026-07-07', '2026-07-07T23:59:59Z', '2026-07-07T00:00:00.000Z'],
    ['2026-07-07', '2026-07-08T00:00:00Z', null],
    ['2026-07-07', '2026-01-01T12:00:00Z', '2026-01-01T00:00:00.000Z'],
  ])('until %s approves a release of %s at %s', (approveUntilDate, availableAt, expected) => {
    expect(instantOf({ approveUntilDate }, availableAt)).toBe(expected);
  });

  it.each([[{ approveAfterDays: 360 }], [{ approveUntilDate: '2020-01-01' }]])(
    'approves what has no date at once, whatever the delay %j',
    (delay) => {
      expect(approvalInstant(delay, { rung: 'undated', availableAt: null })).toBe(Number.NEGATIVE_INFINITY);
    },
  );
});

describe('dateRelease', () => {
  const changelog = (date: string): ChangelogEvidence => ({
    package: 'bash_2_amd64',
    sha256: 'a'.repeat(64),
    dateLine: ` -- Ann <a@example.test>  ${date}`,
    problem: null,
    readBy: 'mi-1',
    readAt: '2026-11-20T00:00:00.000Z',
  });
  const record = {
    archiveKey: 'a',
    source: 'bash',
    sourceVersion: '2',
    rung: 'first-seen' as const,
    firstSeenAt: '2026-11-03T00:00:00.000Z',
  };

  it.each([
    ['nothing recorded', undefined, 'undated', null],
    ['first seen', record, 'first-seen', '2026-11-03T00:00:00.000Z'],
    ['at the first look', { ...record, rung: 'undated' as const }, 'undated', null],
    ['published', { ...record, publishedAt: '2026-11-01T00:00:00Z' }, 'published', '2026-11-01T00:00:00Z'],
    [
      'changelog behind first sight',
      { ...record, changelog: changelog('Mon, 02 Nov 2026 00:00:00 +0000') },
      'first-seen',
      record.firstSeenAt,
    ],
    [
      'changelog of what was there at the first look',
      { ...record, rung: 'undated' as const, changelog: changelog('Mon, 02 Nov 2026 00:00:00 +0000') },
      'changelog',
      '2026-11-02T00:00:00.000Z',
    ],
    [
      'a changelog from after the first look',
      { ...record, rung: 'undated' as const, changelog: changelog('Tue, 03 Nov 2026 00:00:01 +0000') },
      'undated',
      null,
    ],
    [
      'a changelog that could not be read',
      { ...record, rung: 'undated' as const, changelog: { ...changelog(''), dateLine: null, problem: 'too large' } },
      'undated',
      null,
    ],
    ['an unreadable date', { ...record, firstSeenAt: 'yesterday' }, 'undated', null],
  ])('stands on the first rung that applies: %s', (_, given, rung, availableAt) => {
    expect(dateRelease(given)).toMatchObject({ rung, availableAt });
  });

  it('tells why a changelog gives no date', () => {
    const undated = { ...record, rung: 'undated' as const };
    const future = dateRelease({ ...undated, changelog: changelog('Tue, 03 Nov 2027 00:00:01 +0000') });
    expect(future.changelog?.problem).toContain('when the version was there already');
    const unread = dateRelease({ ...undated, changelog: { ...changelog(''), dateLine: null, problem: 'too large' } });
    expect(unread.changelog?.problem).toBe('too large');
  });
});
