import { describe, expect, it } from 'vitest';
import { checkHours, checkReplacement, updateWindow, type WindowDefinition } from './check-window.ts';
import { checkEndDate, differsInSchedule, nextStart, startsBetween } from './window-schedule.ts';

const sunday: WindowDefinition = {
  name: 'sunday',
  description: 'at two',
  startDate: null,
  endDate: null,
  schedule: 'cron(0 2 ? * SUN *)',
  scheduleTimezone: 'Europe/Berlin',
  scheduleOffset: null,
  duration: 3,
  cutoff: 1,
  allowUnassociatedTargets: false,
  enabled: true,
};
const friday = new Date('2026-11-20T12:00:00Z');

describe('a window', () => {
  it.each([
    [1, 0, 0],
    [1, 1, 1],
    [3, 2, 0],
    [3, 4, 1],
    [24, 23, 0],
  ])('of %i hours with a cutoff of %i has %i problems', (duration, cutoff, count) => {
    expect(checkHours({ duration, cutoff })).toHaveLength(count);
  });

  it('keeps what a change leaves out', () => {
    expect(updateWindow(sunday, { duration: 5, description: undefined }, false)).toEqual({ ...sunday, duration: 5 });
  });

  it('that is replaced keeps only whether it is enabled, and needs what a new one needs', () => {
    const stopped = { ...sunday, enabled: false, startDate: '2026-12-01', scheduleOffset: 2 };
    const whole = { name: 'new', schedule: 'rate(1 day)', duration: 2, cutoff: 0, allowUnassociatedTargets: true };
    expect(checkReplacement(whole)).toEqual([]);
    expect(updateWindow(stopped, whole, true)).toEqual({
      ...whole,
      description: null,
      startDate: null,
      endDate: null,
      scheduleTimezone: null,
      scheduleOffset: null,
      enabled: false,
    });
    expect(checkReplacement({ name: 'new', duration: 0 }).map(({ path }) => path)).toEqual([
      'Schedule',
      'Cutoff',
      'AllowUnassociatedTargets',
    ]);
  });

  it('may not be over before it begins', () => {
    expect(checkEndDate(sunday, friday)).toEqual([]);
    expect(checkEndDate({ ...sunday, endDate: '2026-11-20T12:00:01Z' }, friday)).toEqual([]);
    expect(checkEndDate({ ...sunday, endDate: '2026-11-20T13:00:00+01:00' }, friday)).toHaveLength(1);
  });

  it.each<[boolean, Partial<WindowDefinition>]>([
    [
      false,
      { name: 'other', description: null, duration: 1, cutoff: 0, enabled: false, allowUnassociatedTargets: true },
    ],
    [true, { schedule: 'rate(1 day)' }],
    [true, { scheduleTimezone: null }],
    [true, { scheduleOffset: 1 }],
    [true, { startDate: '2027-01-01' }],
    [true, { endDate: '2027-01-01' }],
  ])('opens at other times (%j) with %j', (expected, change) => {
    expect(differsInSchedule(sunday, { ...sunday, ...change })).toBe(expected);
  });

  it('opens next after an instant, unless it is disabled', () => {
    const window = { ...sunday, scheduleChangedAt: friday };
    expect(nextStart(window, friday)).toEqual(new Date('2026-11-22T01:00:00Z'));
    expect(nextStart({ ...window, enabled: false }, friday)).toBeNull();
  });

  it('opens between two instants, both left out, as often as is asked', () => {
    const window = { ...sunday, schedule: 'rate(1 hour)', scheduleTimezone: null, scheduleChangedAt: friday };
    const hour = (hours: number) => new Date(friday.getTime() + hours * 3_600_000);
    const range = { after: hour(1), before: hour(4) };
    expect(startsBetween(window, { ...range, count: 9 })).toEqual([hour(2), hour(3)]);
    expect(startsBetween(window, { ...range, count: 1 })).toEqual([hour(2)]);
    expect(startsBetween(window, { ...range, count: 0 })).toEqual([]);
    expect(startsBetween({ ...window, enabled: false }, { ...range, count: 9 })).toEqual([]);
  });
});
