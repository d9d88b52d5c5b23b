import { describe, expect, it } from 'vitest';
import { nextOccurrence, occurrencesBetween, previousOccurrence } from './occurrences.ts';
import { definedAt, errorOf, runsOf } from './schedule.test-support.ts';
import { parseSchedule, parseScheduleDate } from './schedule.ts';

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

describe('a cron expression', () => {
  const february = { after: new Date('2027-02-01T00:00Z') };

  it.each([
    // 15 August 2027 is a Sunday, the 31st a Tuesday.
    ['cron(0 2 1,15W,LW,L-1 AUG ? *)', ['2027-08-01', '2027-08-16', '2027-08-30', '2027-08-31']],
    ['cron(0 2 ? MAR MON#1,MON#3,SUNL *)', ['2027-03-01', '2027-03-15', '2027-03-28']],
    ['cron(0 2 ? FEB FRI-MON *)', ['2027-02-01', '2027-02-05', '2027-02-06', '2027-02-07', '2027-02-08', '2027-02-12']],
    [
      'cron(0 2 30-2 FEB-MAR ? *)',
      ['2027-02-01', '2027-02-02', '2027-03-01', '2027-03-02', '2027-03-30', '2027-03-31'],
    ],
    ['cron(0 2 1 NOV-FEB ? *)', ['2027-02-01', '2027-11-01', '2027-12-01', '2028-01-01']],
    ['cron(0 2 ? * FRI#5 *)', ['2027-04-30', '2027-07-30', '2027-10-29']],
    ['cron(0 2 31W * ? *)', ['2027-03-31', '2027-05-31', '2027-07-30']],
    ['cron(0 0 2 29 FEB ? *)', ['2028-02-29', '2032-02-29', '2036-02-29']],
    ['cron(0 2 1 JAN ? 2028,2030-2032/2)', ['2028-01-01', '2030-01-01', '2032-01-01']],
  ])('%s names the right days', (schedule, days) => {
    const runs = runsOf(schedule, { ...february, count: days.length });
    expect(runs).toEqual(days.map((day) => `${day}T02:00Z`));
  });

  it('counts in seconds when it has seven fields', () => {
    expect(runsOf('cron(0/25 59 23 L FEB ? *)', { ...february, count: 4 })).toEqual([
      '2027-02-28T23:59Z',
      '2027-02-28T23:59:25Z',
      '2027-02-28T23:59:50Z',
      '2028-02-29T23:59Z',
    ]);
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

  it('shows milliseconds in three digits, and seconds only where they are not zero', () => {
    const first = (set: string) =>
      runsOf('rate(1 minute)', { definedAt: new Date(set), after: new Date(set), count: 1 });
    expect(first('2027-01-05T00:00:00.500Z')).toEqual(['2027-01-05T00:01:00.500Z']);
    expect(first('2027-01-05T00:00:20Z')).toEqual(['2027-01-05T00:01:20Z']);
    expect(first('2027-01-05T00:00:00Z')).toEqual(['2027-01-05T00:01Z']);
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

  it('can be asked at any time', () => {
    const ends = [new Date(-8.64e15), new Date(8.64e15)] as const;
    expect(nextOccurrence(daily, ends[0])).toEqual(new Date('2027-01-02T09:00Z'));
    expect(nextOccurrence(daily, ends[1])).toBeNull();
    expect(previousOccurrence(daily, ends[0])).toBeNull();
    expect(previousOccurrence(daily, ends[1])).toEqual(new Date('2199-12-31T09:00Z'));
  });

  it('knows when nothing is left', () => {
    expect(runsOf('at(2026-07-07T13:15:30)')).toEqual([]);
    expect(runsOf('cron(0 2 ? * SUN 2026)')).toEqual([]);
    expect(runsOf('cron(0 2 30 FEB ? *)')).toEqual([]);
    expect(runsOf('rate(1 day)', { endDate: '2027-01-01T12:00Z' })).toEqual([]);
    expect(runsOf('rate(1 day)', { count: 0 })).toEqual([]);
  });
});
