import { describe, expect, it } from 'vitest';
import { formatExecutionTime } from './execution-time.ts';
import { nextOccurrence, nextOccurrences, occurrencesBetween, previousOccurrence } from './occurrences.ts';
import { parseSchedule, parseScheduleDate, type ScheduleDefinition } from './schedule.ts';
import type { ScheduleError } from './schedule-error.ts';

const definedAt = new Date('2027-01-01T00:00:00Z');

/** The next runs as NextExecutionTime would give them. */
function runsOf(
  schedule: string,
  { after = definedAt, count = 3, ...rest }: Partial<ScheduleDefinition> & { after?: Date; count?: number } = {},
): string[] {
  const parsed = parseSchedule({ schedule, definedAt, ...rest });
  return nextOccurrences(parsed, { after, count }).map((run) => formatExecutionTime(parsed, run));
}

function errorOf(definition: Partial<ScheduleDefinition>): ScheduleError {
  try {
    parseSchedule({ schedule: 'cron(0 2 ? * SUN *)', definedAt, ...definition });
  } catch (error) {
    return error as ScheduleError;
  }
  throw new Error('was accepted');
}

describe('the worked schedules', () => {
  it.each([
    ['cron(0 2 ? * THU#3 *)', ['2027-01-21T02:00Z', '2027-02-18T02:00Z', '2027-03-18T02:00Z']],
    ['cron(15 10 ? * MON-FRI *)', ['2027-01-01T10:15Z', '2027-01-04T10:15Z', '2027-01-05T10:15Z']],
    ['cron(0 2 L * ? *)', ['2027-01-31T02:00Z', '2027-02-28T02:00Z', '2027-03-31T02:00Z']],
    ['cron(15 10 ? * 6L *)', ['2027-01-29T10:15Z', '2027-02-26T10:15Z', '2027-03-26T10:15Z']],
    // 1 May is a Saturday, 1 August a Sunday.
    [
      'cron(0 9 1W 4-8 ? *)',
      ['2027-04-01T09:00Z', '2027-05-03T09:00Z', '2027-06-01T09:00Z', '2027-07-01T09:00Z', '2027-08-02T09:00Z'],
    ],
    ['cron(30 09 ? * * *)', ['2027-01-01T09:30Z', '2027-01-02T09:30Z']],
    ['cron(24 30 09 ? * * *)', ['2027-01-01T09:30:24Z', '2027-01-02T09:30:24Z']],
    ['rate(7 days)', ['2027-01-08T00:00Z', '2027-01-15T00:00Z']],
    ['at(2027-07-07T13:15:30)', ['2027-07-07T13:15:30Z']],
  ])('%s', (schedule, expected) => {
    expect(runsOf(schedule, { count: expected.length })).toEqual(expected);
  });

  it('cron(0 16 ? * TUE *) in Los Angeles', () => {
    expect(
      runsOf('cron(0 16 ? * TUE *)', {
        scheduleTimezone: 'America/Los_Angeles',
        after: new Date('2027-03-08T00:00Z'),
        count: 2,
      }),
    ).toEqual(['2027-03-09T16:00-08:00', '2027-03-16T16:00-07:00']);
  });

  it('at(...) has no second run', () => {
    expect(runsOf('at(2027-07-07T13:15:30)')).toHaveLength(1);
  });
});

describe('a ScheduleOffset', () => {
  it('runs so many days after each day that the cron expression names', () => {
    expect(runsOf('cron(30 23 ? * TUE#3 *)', { scheduleOffset: 2 })).toEqual([
      '2027-01-21T23:30Z',
      '2027-02-18T23:30Z',
      '2027-03-18T23:30Z',
    ]);
  });

  it('leaves out the period whose cron day had passed when the window was made', () => {
    const madeOn = (time: string) =>
      runsOf('cron(30 23 ? * TUE#3 *)', {
        scheduleOffset: 2,
        definedAt: new Date(time),
        after: new Date(time),
        count: 1,
      });
    expect(madeOn('2027-01-19T23:29:59Z')).toEqual(['2027-01-21T23:30Z']);
    expect(madeOn('2027-01-19T23:30:00Z')).toEqual(['2027-02-18T23:30Z']);
    expect(madeOn('2027-01-20T12:00:00Z')).toEqual(['2027-02-18T23:30Z']);
  });

  it('keeps the time on the wall clock over a change', () => {
    expect(
      runsOf('cron(0 1 ? * SAT *)', {
        scheduleOffset: 3,
        scheduleTimezone: 'Europe/Berlin',
        after: new Date('2027-03-24T00:00Z'),
        count: 2,
      }),
    ).toEqual(['2027-03-30T01:00+02:00', '2027-04-06T01:00+02:00']);
  });

  it.each([0, 7, 1.5, Number.NaN])('of %d is refused', (scheduleOffset) => {
    expect(errorOf({ scheduleOffset })).toMatchObject({ code: 'INVALID_OFFSET' });
  });

  it('is refused with rate and at', () => {
    expect(errorOf({ schedule: 'rate(7 days)', scheduleOffset: 2 })).toMatchObject({ code: 'INVALID_OFFSET' });
    expect(errorOf({ schedule: 'at(2027-07-07T13:15:30)', scheduleOffset: 2 })).toMatchObject({
      code: 'INVALID_OFFSET',
    });
  });
});

describe('StartDate and EndDate', () => {
  it('bound the runs and do not move them', () => {
    const bounds = { startDate: '2027-01-05T00:00:00-08:00', endDate: '2027-01-20T09:00:00Z', count: 5 };
    expect(runsOf('cron(0 09 ? * WED *)', bounds)).toEqual([
      '2027-01-06T09:00Z',
      '2027-01-13T09:00Z',
      '2027-01-20T09:00Z',
    ]);
    expect(runsOf('cron(0 09 ? * WED *)', { ...bounds, endDate: '2027-01-20T08:59:59.999Z' })).toHaveLength(2);
  });

  it('allow a run at the StartDate itself', () => {
    expect(runsOf('cron(0 9 ? * * *)', { startDate: '2027-02-01T09:00Z', count: 1 })).toEqual(['2027-02-01T09:00Z']);
  });

  it.each([
    ['2027-04-07T14:29:00-08:00', '2027-04-07T22:29:00.000Z'],
    ['2027-04-07T14:29:00+0530', '2027-04-07T08:59:00.000Z'],
    ['2027-04-07T14:29:00+02', '2027-04-07T12:29:00.000Z'],
    ['2027-04-07T14:29Z', '2027-04-07T14:29:00.000Z'],
    ['2027-04-07T14:29:00.25Z', '2027-04-07T14:29:00.250Z'],
    ['2027-04-07T14:29:00', '2027-04-07T14:29:00.000Z'],
    ['2027-04-07', '2027-04-07T00:00:00.000Z'],
  ])('are read from %s', (text, expected) => {
    expect(parseScheduleDate('StartDate', text).toISOString()).toBe(expected);
  });

  it.each([
    '',
    'tomorrow',
    '2027-02-30',
    '2027-02-30T00:00Z',
    '2027-04-07 14:29',
    '07.04.2027',
    '2027-04-07T24:00',
    '2027-04-07T14:29:00+99:00',
    '2027-04-07T14:29:00+01:75',
    '1969-12-31',
    '2200-01-01',
    '+2027-04-07',
  ])('cannot be %j', (startDate) => {
    expect(errorOf({ startDate })).toMatchObject({ code: 'INVALID_DATE' });
  });

  it('must be in order', () => {
    expect(errorOf({ startDate: '2027-02-01', endDate: '2027-01-31' })).toMatchObject({ code: 'INVALID_DATE' });
  });
});

describe('a rate', () => {
  it('counts from the time when it was set', () => {
    const set = new Date('2019-05-11T23:35:24.902Z');
    expect(runsOf('rate(7 days)', { definedAt: set, after: set, count: 2 })).toEqual([
      '2019-05-18T23:35:24.902Z',
      '2019-05-25T23:35:24.902Z',
    ]);
  });

  it('begins with a StartDate that was still to come', () => {
    expect(
      runsOf('rate(30 minutes)', { startDate: '2027-01-05T03:15:00+09:00', scheduleTimezone: 'Asia/Tokyo', count: 2 }),
    ).toEqual(['2027-01-05T03:15+09:00', '2027-01-05T03:45+09:00']);
  });

  it('does not count from a StartDate in the past', () => {
    expect(runsOf('rate(1 day)', { startDate: '2026-12-01T12:00Z', count: 1 })).toEqual(['2027-01-02T00:00Z']);
  });

  it('takes a day for 24 hours, whatever the wall clock does', () => {
    const set = new Date('2027-03-27T12:00Z');
    expect(runsOf('rate(1 day)', { definedAt: set, after: set, scheduleTimezone: 'Europe/Berlin', count: 1 })).toEqual([
      '2027-03-28T14:00+02:00',
    ]);
  });

  it('ends with the year 2199', () => {
    const set = new Date('2199-12-30T00:00Z');
    expect(runsOf('rate(1 day)', { definedAt: set, after: set, count: 9 })).toEqual(['2199-12-31T00:00Z']);
    expect(runsOf('cron(0 0 ? * * *)', { definedAt: set, after: set, count: 9 })).toEqual(['2199-12-31T00:00Z']);
  });
});

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

describe('what ran and what will', () => {
  const daily = parseSchedule({ schedule: 'cron(0 9 ? * * *)', definedAt: new Date('2027-01-01T09:00Z') });

  it('begins after the schedule was set', () => {
    const next = nextOccurrence(daily, new Date('2020-01-01T00:00Z'));
    expect(next).toEqual(new Date('2027-01-02T09:00Z'));
    expect(previousOccurrence(daily, new Date('2027-01-02T08:59:59Z'))).toBeNull();
  });

  it('tells what was to run in between, the end included', () => {
    const between = [
      ...occurrencesBetween(daily, { after: new Date('2027-02-01T09:00Z'), until: new Date('2027-02-03T09:00Z') }),
    ];
    expect(between).toEqual([new Date('2027-02-02T09:00Z'), new Date('2027-02-03T09:00Z')]);
  });

  it('tells the last run', () => {
    expect(previousOccurrence(daily, new Date('2031-06-05T08:59:59Z'))).toEqual(new Date('2031-06-04T09:00Z'));
    expect(previousOccurrence(daily, new Date('2031-06-05T09:00Z'))).toEqual(new Date('2031-06-05T09:00Z'));
    const bounded = parseSchedule({ schedule: 'cron(0 9 ? * * *)', definedAt, endDate: '2027-03-01' });
    expect(previousOccurrence(bounded, new Date('2031-06-05T09:00Z'))).toEqual(new Date('2027-02-28T09:00Z'));
  });

  it('knows when nothing is left', () => {
    expect(runsOf('at(2026-07-07T13:15:30)')).toEqual([]);
    expect(runsOf('cron(0 2 ? * SUN 2026)')).toEqual([]);
    expect(runsOf('cron(0 2 30 FEB ? *)')).toEqual([]);
    expect(runsOf('rate(1 day)', { endDate: '2027-01-01T12:00Z' })).toEqual([]);
    expect(runsOf('rate(1 day)', { count: 0 })).toEqual([]);
  });
});
