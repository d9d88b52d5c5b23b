import { describe, expect, it } from 'vitest';
import { definedAt, errorOf, runsOf } from './schedule.test-support.ts';
import { parseSchedule } from './schedule.ts';

describe('Sunday at two in Berlin', () => {
  const berlin = { scheduleTimezone: 'Europe/Berlin' };
  const spring = { ...berlin, after: new Date('2027-03-27T00:00:00Z') };
  const autumn = { ...berlin, after: new Date('2027-10-30T12:00:00Z') };

  it('runs at three on the day whose clock skips two', () => {
    const expected = ['2027-03-28T03:00+02:00', '2027-04-04T02:00+02:00', '2027-04-11T02:00+02:00'];
    expect(runsOf('cron(0 2 ? * SUN *)', spring)).toEqual(expected);
    expect(runsOf('cron(0 0 2 ? * SUN *)', spring)).toEqual(expected);
  });

  it('runs once, the first time, on the day whose clock shows two twice', () => {
    expect(runsOf('cron(0 2 ? * SUN *)', autumn)).toEqual([
      '2027-10-31T02:00+02:00',
      '2027-11-07T02:00+01:00',
      '2027-11-14T02:00+01:00',
    ]);
  });

  it('runs once for all the times that are skipped', () => {
    expect(runsOf('cron(0/20 2 ? * SUN *)', { ...spring, count: 2 })).toEqual([
      '2027-03-28T03:00+02:00',
      '2027-04-04T02:00+02:00',
    ]);
    expect(runsOf('cron(30 2,3 ? * SUN *)', { ...spring, count: 2 })).toEqual([
      '2027-03-28T03:00+02:00',
      '2027-03-28T03:30+02:00',
    ]);
  });

  it('does not run twice at three', () => {
    expect(runsOf('cron(0 2,3 ? * SUN *)', { ...spring, count: 2 })).toEqual([
      '2027-03-28T03:00+02:00',
      '2027-04-04T02:00+02:00',
    ]);
  });

  it('runs every hour that passes when all hours are named', () => {
    const hourly = (given: typeof spring, from: string) =>
      runsOf('cron(30 * ? * SUN *)', { ...given, after: new Date(from), count: 4 });
    expect(hourly(spring, '2027-03-28T00:00Z')).toEqual([
      '2027-03-28T01:30+01:00',
      '2027-03-28T03:30+02:00',
      '2027-03-28T04:30+02:00',
      '2027-03-28T05:30+02:00',
    ]);
    expect(hourly(autumn, '2027-10-30T23:00Z')).toEqual([
      '2027-10-31T01:30+02:00',
      '2027-10-31T02:30+02:00',
      '2027-10-31T02:30+01:00',
      '2027-10-31T03:30+01:00',
    ]);
  });

  it('follows the time that passes in a range of hours too', () => {
    expect(runsOf('cron(0/30 1-3 ? * SUN *)', { ...autumn, after: new Date('2027-10-30T23:30Z'), count: 5 })).toEqual([
      '2027-10-31T02:00+02:00',
      '2027-10-31T02:30+02:00',
      '2027-10-31T02:00+01:00',
      '2027-10-31T02:30+01:00',
      '2027-10-31T03:00+01:00',
    ]);
  });

  it('runs a step of hours neither twice nor not at all', () => {
    expect(runsOf('cron(0 0/2 ? * SUN *)', { ...spring, count: 3 })).toEqual([
      '2027-03-28T00:00+01:00',
      '2027-03-28T03:00+02:00',
      '2027-03-28T04:00+02:00',
    ]);
    expect(runsOf('cron(0 0/2 ? * SUN *)', { ...autumn, count: 3 })).toEqual([
      '2027-10-31T00:00+02:00',
      '2027-10-31T02:00+02:00',
      '2027-10-31T04:00+01:00',
    ]);
  });

  it('at(...) follows the same rules', () => {
    expect(runsOf('at(2027-03-28T02:30:00)', berlin)).toEqual(['2027-03-28T03:00+02:00']);
    expect(runsOf('at(2027-10-31T02:30:00)', berlin)).toEqual(['2027-10-31T02:30+02:00']);
  });
});

describe('other clocks', () => {
  it.each([
    [
      'half an hour is skipped on Lord Howe',
      'Australia/Lord_Howe',
      'cron(15 2 ? * SUN *)',
      '2027-10-02T00:00Z',
      '2027-10-03T02:30+11:00',
    ],
    [
      'midnight is skipped in São Paulo',
      'America/Sao_Paulo',
      'cron(0 0 ? * * *)',
      '2017-10-14T12:00Z',
      '2017-10-15T01:00-02:00',
    ],
    [
      'a whole day is skipped on Samoa',
      'Pacific/Apia',
      'cron(0 9 30 12 ? *)',
      '2011-12-01T00:00Z',
      '2011-12-31T00:00+14:00',
    ],
    [
      'Nepal is three quarters of an hour off',
      'Asia/Kathmandu',
      'cron(0 0 ? * * *)',
      '2027-01-01T00:00Z',
      '2027-01-02T00:00+05:45',
    ],
  ])('%s', (_, scheduleTimezone, schedule, from, expected) => {
    const after = new Date(from);
    expect(runsOf(schedule, { scheduleTimezone, definedAt: after, after, count: 1 })).toEqual([expected]);
  });

  it.each([
    'Europe/Berlin',
    'UTC',
    'Etc/GMT+5',
    'Europe/Kyiv',
    'Asia/Kolkata',
    'US/Pacific',
    'America/Argentina/Buenos_Aires',
  ])('%s is known', (scheduleTimezone) => {
    expect(parseSchedule({ schedule: 'rate(1 day)', scheduleTimezone, definedAt }).timeZone.name).toBe(
      scheduleTimezone,
    );
  });

  it.each([
    'europe/berlin',
    'utc',
    'Berlin',
    '',
    '+01:00',
    'PST',
    'ACT',
    'asia/Kolkata',
    '__proto__',
    'Europe/Berlin ',
  ])('%j is refused', (scheduleTimezone) => {
    expect(errorOf({ scheduleTimezone })).toMatchObject({ code: 'INVALID_TIMEZONE' });
  });

  it('are named rightly where only the case was wrong', () => {
    expect(errorOf({ scheduleTimezone: 'europe/berlin' }).message).toContain('"Europe/Berlin"');
  });
});
