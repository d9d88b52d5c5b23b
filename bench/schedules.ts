import { cpus } from 'node:os';
import { nextOccurrences, parseSchedule } from '@patchbay/patching';
import { CronExpressionParser } from 'cron-parser';

/**
 * The next 1,000 occurrences of cron expressions, read anew each time, in turn with cron-parser (which has no W and no
 * years, so that some expressions have no counterpart there).
 * Run: node bench/schedules.ts
 */
const rounds = 101;
const count = 1000;
const timeZone = 'Europe/Berlin';
const after = new Date('2026-11-22T00:00:00Z');

const cases: readonly { readonly schedule: string; readonly counterpart: string | null }[] = [
  { schedule: 'cron(0 2 ? * SUN *)', counterpart: '0 0 2 * * SUN' },
  { schedule: 'cron(0/7 0/5 ? JAN-NOV/2 MON-FRI *)', counterpart: '0 0/7 0/5 * 1-11/2 MON-FRI' },
  { schedule: 'cron(* * * * * ? *)', counterpart: '* * * * * *' },
  { schedule: 'cron(0 2 ? * FRI#5 *)', counterpart: '0 0 2 * * FRI#5' },
  { schedule: 'cron(0 9 15W * ? *)', counterpart: null },
  { schedule: 'cron(0 0 2 29 FEB ? *)', counterpart: '0 0 2 29 2 *' },
];

function timed<Result>(work: () => Result): { readonly milliseconds: number; readonly result: Result } {
  const began = performance.now();
  const result = work();
  return { milliseconds: performance.now() - began, result };
}

function ours(schedule: string): number {
  return nextOccurrences(parseSchedule({ schedule, scheduleTimezone: timeZone, definedAt: after }), { after, count })
    .length;
}

function theirs(expression: string, atMost: number): number {
  const parser = CronExpressionParser.parse(expression, { tz: timeZone, currentDate: after });
  return parser.take(atMost).length;
}

function median(values: readonly number[]): string {
  const middle = values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];
  return `${(middle ?? Number.NaN).toFixed(2)} ms`;
}

console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`);
for (const { schedule, counterpart } of cases) {
  const first = timed(() => ours(schedule));
  const own: number[] = [];
  const other: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    own.push(timed(() => ours(schedule)).milliseconds);
    // The years end in 2199 for us and not for cron-parser: it is asked for as many.
    if (counterpart !== null && round < 11) other.push(timed(() => theirs(counterpart, first.result)).milliseconds);
  }
  const compared = counterpart === null ? '' : `; cron-parser ${median(other)}`;
  console.log(
    `${schedule}: ${first.result} in ${median(own)} (the first time ${first.milliseconds.toFixed(1)} ms)${compared}`,
  );
}
