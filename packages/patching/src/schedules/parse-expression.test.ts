import { describe, expect, it } from 'vitest';
import { parseScheduleExpression } from './parse-expression.ts';
import { ScheduleError } from './schedule-error.ts';

function messageOf(expression: string): string {
  try {
    parseScheduleExpression(expression);
  } catch (error) {
    if (error instanceof ScheduleError && error.code === 'INVALID_EXPRESSION') return error.message;
    throw error;
  }
  throw new Error(`${expression} was accepted`);
}

describe('a schedule expression', () => {
  it.each([
    'cron(0 2 ? * SUN *)',
    'cron(0 0 2 ? * SUN *)',
    'cron(0  2\t? * sun *)',
    'cron( 0 2 ? * SUN * )',
    'cron(0/15 * * * ? *)',
    'cron(*/30 * * * ? *)',
    'cron(0 */30 * * * ? *)',
    'cron(55-5 22-4 ? NOV-FEB FRI-MON 2027-2199)',
    'cron(0 2 L,LW,L-3,15W,1-5 * ? *)',
    'cron(0 2 ? * FRIL,6L,TUE#3,L,MON-WED *)',
    'rate(1 minute)',
    'rate(25 days)',
    'at(2028-02-29T00:00:00)',
  ])('is read from %s', (expression) => {
    expect(() => parseScheduleExpression(expression)).not.toThrow();
  });

  it('means the same whatever the case of names', () => {
    expect(parseScheduleExpression('cron(0 2 lw jan ? *)')).toEqual(parseScheduleExpression('cron(0 2 LW JAN ? *)'));
    expect(parseScheduleExpression('cron(0 2 ? Jan friL *)')).toEqual(parseScheduleExpression('cron(0 2 ? 1 6L *)'));
  });

  it.each([
    ['', 'cron(...), rate(...) or at(...)'],
    ['every sunday', 'cron(...), rate(...) or at(...)'],
    ['CRON(0 2 ? * SUN *)', 'cron(...), rate(...) or at(...)'],
    ['cron(0 2 ? * SUN *', 'cron(...), rate(...) or at(...)'],
    [' rate(1 day)', 'cron(...), rate(...) or at(...)'],
    ['cron()', 'has 0 fields'],
    ['cron(0 2 ? * SUN)', 'has 5 fields'],
    ['cron(0 0 0 2 ? * SUN *)', 'has 8 fields'],
    ['rate(0 days)', 'positive whole number'],
    ['rate(-1 day)', 'positive whole number'],
    ['rate(1.5 days)', 'positive whole number'],
    ['rate(7 weeks)', 'minute, minutes, hour, hours, day, days'],
    ['rate(7days)', 'positive whole number'],
    ['rate(1 days)', 'it must be "day". Example: rate(1 day)'],
    ['rate(5 hour)', 'it must be "hours". Example: rate(5 hours)'],
    ['at(2027-02-30T00:00:00)', 'YYYY-MM-DDThh:mm:ss'],
    ['at(2027-07-07T24:00:00)', 'YYYY-MM-DDThh:mm:ss'],
    ['at(2027-07-07T13:15)', 'YYYY-MM-DDThh:mm:ss'],
    ['at(2027-07-07T13:15:30Z)', 'YYYY-MM-DDThh:mm:ss'],
    ['at(1969-07-07T13:15:30)', '1970 to 2199'],
  ])('%j is refused', (expression, text) => {
    expect(messageOf(expression)).toContain(text);
  });

  it.each([
    ['cron(60 2 ? * SUN *)', 'The Minutes field "60"', '0-59'],
    ['cron(60 0 2 ? * SUN *)', 'The Seconds field "60"', '0-59'],
    ['cron(0 24 ? * SUN *)', 'The Hours field "24"', '0-23'],
    ['cron(0 2 32 * ? *)', 'The Day-of-month field "32"', '1-31'],
    ['cron(0 2 0 * ? *)', 'The Day-of-month field "0"', '1-31'],
    ['cron(0 2 1 13 ? *)', 'The Month field "13"', '1-12 or JAN-DEC'],
    ['cron(0 2 1 FOO ? *)', 'The Month field "FOO"', '1-12 or JAN-DEC'],
    ['cron(0 2 ? * 0 *)', 'The Day-of-week field "0"', '1-7 or SUN-SAT'],
    ['cron(0 2 ? * 8 *)', 'The Day-of-week field "8"', '1-7 or SUN-SAT'],
    ['cron(0 2 ? * JAN *)', 'The Day-of-week field "JAN"', '1-7 or SUN-SAT'],
    ['cron(0 2 ? * SUN 1969)', 'The Year field "1969"', '1970-2199'],
    ['cron(0 2 ? * SUN 2200)', 'The Year field "2200"', '1970-2199'],
    ['cron(0 2 ? * SUN 2029-2027)', 'The Year field "2029-2027"', 'ends after it begins'],
    ['cron(0/0 2 ? * SUN *)', 'The Minutes field "0/0"', 'from 1 to 59'],
    ['cron(0/60 2 ? * SUN *)', 'The Minutes field "0/60"', 'from 1 to 59'],
    ['cron(0/5/5 2 ? * SUN *)', 'The Minutes field "0/5/5"', 'after one "/"'],
    ['cron(/5 2 ? * SUN *)', 'The Minutes field "/5"', 'no value'],
    ['cron(1-2-3 2 ? * SUN *)', 'The Minutes field "1-2-3"', 'no value'],
    ['cron(-1 2 ? * SUN *)', 'The Minutes field "-1"', 'no value'],
    ['cron(1,,2 2 ? * SUN *)', 'The Minutes field "1,,2"', 'empty'],
    ['cron(0 L ? * SUN *)', 'The Hours field "L"', 'no value'],
    ['cron(0 2 W * ? *)', 'The Day-of-month field "W"', 'before "W"'],
    ['cron(0 2 1-5W * ? *)', 'The Day-of-month field "1-5W"', 'before "W"'],
    ['cron(0 2 L-31 * ? *)', 'The Day-of-month field "L-31"', '1 to 30'],
    ['cron(0 2 ? * TUE#6 *)', 'The Day-of-week field "TUE#6"', '1 to 5'],
    ['cron(0 2 ? * TUE#0 *)', 'The Day-of-week field "TUE#0"', '1 to 5'],
    ['cron(0 2 ? * #3 *)', 'The Day-of-week field "#3"', 'TUE#3'],
    ['cron(0 2 ? * 3#3#3 *)', 'The Day-of-week field "3#3#3"', 'TUE#3'],
    ['cron(0 2 ? * MON-FRIL *)', 'The Day-of-week field "MON-FRIL"', 'FRIL'],
    ['cron(0 2 ? * 15W *)', 'The Day-of-week field "15W"', 'no value'],
    ['cron(0 2 1,? * ? *)', 'The Day-of-month field "1,?"', 'stands alone'],
  ])('%s is refused with its field, its value and what is allowed', (expression, field, text) => {
    const message = messageOf(expression);
    expect(message).toContain(field);
    expect(message).toContain(text);
    expect(message).toContain('Example: cron(');
  });

  it.each(['cron(0 2 * * * *)', 'cron(0 2 ? * ? *)', 'cron(0 2 1 * SUN *)'])(
    '%s is refused for its two days',
    (expression) => {
      expect(messageOf(expression)).toContain('exactly one of the two must be "?"');
    },
  );

  it('names the order of the fields where seconds stand first and the year is missing', () => {
    expect(messageOf('cron(0 15 10 ? * MON-FRI)')).toContain('six fields are Minutes Hours');
  });

  it('keeps a message short, whatever was given', () => {
    expect(messageOf(`cron(${'9'.repeat(100_000)} 2 ? * SUN *)`).length).toBeLessThan(400);
  });
});
