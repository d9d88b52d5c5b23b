import { describe, expect, it } from 'vitest';
import { checkFreezeTime, type FreezeTime, findFreezeEnd, isChange } from './change-freeze.ts';

const createdAt = new Date('2026-11-22T12:00:00Z');

function endAt(time: FreezeTime, now: string): string | undefined {
  return findFreezeEnd(time, createdAt, new Date(now))?.toISOString();
}

describe('a freeze that holds once', () => {
  const christmas: FreezeTime = { kind: 'once', startsAt: '2026-12-20T00:00:00Z', endsAt: '2027-01-02T00:00:00Z' };

  it('holds from its start until its end', () => {
    expect(endAt(christmas, '2026-12-19T23:59:59Z')).toBeUndefined();
    expect(endAt(christmas, '2026-12-20T00:00:00Z')).toBe('2027-01-02T00:00:00.000Z');
    expect(endAt(christmas, '2027-01-01T23:59:59Z')).toBe('2027-01-02T00:00:00.000Z');
    expect(endAt(christmas, '2027-01-02T00:00:00Z')).toBeUndefined();
  });

  it('ends after it starts', () => {
    expect(() => checkFreezeTime({ ...christmas, endsAt: christmas.startsAt }, createdAt)).toThrow('ends after');
    expect(() => checkFreezeTime(christmas, new Date('2027-01-02T00:00:00Z'))).toThrow('is over');
  });
});

describe('a freeze that recurs', () => {
  const fridays: FreezeTime = {
    kind: 'recurring',
    schedule: 'cron(0 15 ? * FRI *)',
    scheduleTimezone: 'Europe/Berlin',
    durationHours: 64,
  };

  it('holds for its hours after each start, on the wall clock of its zone', () => {
    expect(endAt(fridays, '2026-11-27T13:59:59Z')).toBeUndefined();
    expect(endAt(fridays, '2026-11-27T14:00:00Z')).toBe('2026-11-30T06:00:00.000Z');
    expect(endAt(fridays, '2026-11-30T06:00:00Z')).toBeUndefined();
  });

  it('holds at once when it is made in the midst of its time', () => {
    // The 22nd of November 2026 is a Sunday.
    expect(endAt(fridays, '2026-11-22T12:00:00Z')).toBe('2026-11-23T06:00:00.000Z');
  });

  it('says what is wrong with its schedule or its duration', () => {
    expect(() => checkFreezeTime({ ...fridays, schedule: 'cron(0 15 ? * FRX *)' }, createdAt)).toThrow('FRX');
    expect(() => checkFreezeTime({ ...fridays, durationHours: 0 }, createdAt)).toThrow('1 to');
    expect(() => checkFreezeTime({ ...fridays, schedule: 'rate(7 days)' }, createdAt)).toThrow('cron');
    expect(() => checkFreezeTime({ ...fridays, schedule: 'cron(0 0 1 1 ? 2020)' }, createdAt)).toThrow('never begins');
  });

  it('may go on where it begins again before it is over, but not for ever', () => {
    const weekend: FreezeTime = { ...fridays, schedule: 'cron(0 0 ? * SAT,SUN *)', durationHours: 24 };
    expect(() => checkFreezeTime(weekend, createdAt)).not.toThrow();
    expect(endAt(weekend, '2026-11-28T12:00:00Z')).toBe('2026-11-29T23:00:00.000Z');
    expect(() => checkFreezeTime({ ...weekend, schedule: 'cron(0 0 * * ? *)' }, createdAt)).toThrow('at a stretch');
    // One that was stored all the same holds.
    expect(endAt({ ...weekend, schedule: 'cron(0 0 * * ? *)' }, '2026-11-28T12:00:00Z')).toBe(
      '2026-11-28T23:00:00.000Z',
    );
  });
});

describe('what a freeze keeps from starting', () => {
  it('is everything but looking', () => {
    expect(isChange('AWS-RunPatchBaseline', { Operation: ['Scan'] })).toBe(false);
    expect(isChange('AWS-RunPatchBaseline', { Operation: ['Install'] })).toBe(true);
    expect(isChange('AWS-RunPatchBaselineWithHooks', { Operation: ['Scan'] })).toBe(true);
    expect(isChange('AWS-RunShellScript', { commands: ['true'] })).toBe(true);
    expect(isChange('constructor', {})).toBe(true);
  });
});
