import { describe, expect, it } from 'vitest';
import { describeSchedule, describeScheduleExpression } from './describe-schedule.ts';
import { parseScheduleExpression } from './parse-expression.ts';
import { parseSchedule, type ScheduleDefinition } from './schedule.ts';

function wordsOf(schedule: string, rest: Partial<ScheduleDefinition> = {}): string {
  return describeSchedule(parseSchedule({ schedule, definedAt: new Date('2027-01-01T00:00Z'), ...rest }));
}

describe('an expression in words', () => {
  it.each([
    ['cron(0 2 ? * SUN *)', 'At 02:00 on Sundays'],
    ['cron(0 0 2 ? * SUN *)', 'At 02:00 on Sundays'],
    ['cron(24 30 09 ? * * *)', 'At 09:30:24 every day'],
    ['cron(30 09 * * ? *)', 'At 09:30 every day'],
    ['cron(0 2,14 ? * * *)', 'At 02:00 and 14:00 every day'],
    ['cron(0 0/6 ? * * *)', 'At 00:00, 06:00, 12:00 and 18:00 every day'],
    ['cron(0 2 ? * THU#3 *)', 'At 02:00 on the third Thursday of every month'],
    ['cron(0 2 ? MAR,SEP 3#5 *)', 'At 02:00 on the fifth Tuesday of March and September'],
    ['cron(15 10 ? * MON-FRI *)', 'At 10:15 on Mondays to Fridays'],
    ['cron(15 10 ? * FRI-MON *)', 'At 10:15 on Fridays to Mondays'],
    ['cron(15 10 ? * MON,WED,FRI *)', 'At 10:15 on Mondays, Wednesdays and Fridays'],
    ['cron(15 10 ? * MON/2 *)', 'At 10:15 on Mondays, Wednesdays and Fridays'],
    ['cron(15 10 ? * L *)', 'At 10:15 on Saturdays'],
    ['cron(15 10 ? * 6L *)', 'At 10:15 on the last Friday of every month'],
    ['cron(15 10 ? * MON,FRIL *)', 'At 10:15 on Mondays and on the last Friday of every month'],
    ['cron(0 2 L * ? *)', 'At 02:00 on the last day of every month'],
    ['cron(0 2 L-1 * ? *)', 'At 02:00 on the 2nd to last day of every month'],
    ['cron(0 2 LW * ? *)', 'At 02:00 on the last day from Monday to Friday of every month'],
    ['cron(0 9 1W * ? *)', 'At 09:00 on the day from Monday to Friday nearest to the 1st of every month'],
    ['cron(0 9 1,15,22 * ? *)', 'At 09:00 on the 1st, the 15th and the 22nd of every month'],
    ['cron(0 9 1-7 JAN ? *)', 'At 09:00 on the 1st to the 7th of January'],
    ['cron(0 9 1/2 * ? *)', 'At 09:00 on every 2nd day from the 1st of every month'],
    ['cron(0 9 3-23/3 * ? *)', 'At 09:00 on every 3rd day from the 3rd to the 23rd of every month'],
    ['cron(0 9 ? JAN-MAR SUN *)', 'At 09:00 on Sundays in January to March'],
    ['cron(0 9 * NOV-FEB ? *)', 'At 09:00 every day in November to February'],
    ['cron(0 0 2 29 FEB ? *)', 'At 02:00 on the 29th of February'],
    ['cron(0 9 ? * SUN 2027)', 'At 09:00 on Sundays in 2027'],
    ['cron(0 9 ? * SUN 2027-2029,2031)', 'At 09:00 on Sundays in 2027 to 2029 and 2031'],
    ['cron(0 9 ? * SUN 2027/2)', 'At 09:00 on Sundays in every 2nd year from 2027 to 2199'],
    ['cron(0 * * * ? *)', 'At minute 0 of every hour, every day'],
    ['cron(* * * * ? *)', 'At every minute of every hour, every day'],
    ['cron(0/15 * * * ? *)', 'At every 15th minute from 0 of every hour, every day'],
    ['cron(0/5 8-17 ? * MON-FRI *)', 'At every 5th minute from 0 of hours 8 to 17, on Mondays to Fridays'],
    [
      'cron(10-20/5,40 0/3 ? * * *)',
      'At minute 40 and every 5th minute from 10 to 20 of every 3rd hour from 0, every day',
    ],
    ['cron(30 * * * * ? *)', 'At second 30 of every minute of every hour, every day'],
    [
      'cron(0/7 0/5 ? JAN-NOV/2 MON-FRI *)',
      'At every 7th minute from 0 of every 5th hour from 0, on Mondays to Fridays in January, March, May, July, September and November',
    ],
    ['rate(1 day)', 'Every day'],
    ['rate(30 minutes)', 'Every 30 minutes'],
    ['at(2027-07-07T13:15:30)', 'Once at 13:15:30 on 7 July 2027'],
    ['at(2027-07-07T13:15:00)', 'Once at 13:15 on 7 July 2027'],
  ])('%s', (expression, expected) => {
    expect(describeScheduleExpression(parseScheduleExpression(expression))).toBe(expected);
  });
});

describe('a schedule in words', () => {
  it('names the zone', () => {
    expect(wordsOf('cron(0 2 ? * SUN *)', { scheduleTimezone: 'Europe/Berlin' })).toBe(
      'At 02:00 on Sundays, Europe/Berlin',
    );
    expect(wordsOf('at(2027-07-07T13:15:30)')).toBe('Once at 13:15:30 on 7 July 2027, UTC');
    expect(wordsOf('rate(7 days)', { scheduleTimezone: 'Europe/Berlin' })).toBe('Every 7 days');
  });

  it('names the offset and the bounds', () => {
    expect(
      wordsOf('cron(30 23 ? * TUE#3 *)', {
        scheduleTimezone: 'Europe/Berlin',
        scheduleOffset: 2,
        startDate: '2027-02-01T00:00:00+01:00',
        endDate: '2027-08-01T00:00:00+02:00',
      }),
    ).toBe(
      'At 23:30 on the third Tuesday of every month, moved 2 days later, Europe/Berlin, from 2027-02-01T00:00+01:00, until 2027-08-01T00:00+02:00',
    );
  });
});
