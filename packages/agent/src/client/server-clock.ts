import type { Log } from '../log.ts';
import type { Timers } from '../timers.ts';

/** This machine's clock, corrected by what the control plane said about its own. */
export interface ServerClock {
  now(): Date;
  /** True when the server's time differs enough to be the reason for a refused signature; it is used from then on. */
  correct(serverDate: Date | null): boolean;
  /** Takes note of the server's time, whether or not it is used. */
  compare(serverDate: Date | null): void;
  /** How far this machine's clock was ahead at the last comparison; null before the first. */
  aheadSeconds(): number | null;
}

/** The `Date` header has whole seconds, and an answer takes time: less than this is no difference. */
const toleranceSeconds = 30;

export function createServerClock(timers: Timers, log: Log): ServerClock {
  let offsetMilliseconds = 0;
  let ahead: number | null = null;
  return {
    now: () => new Date(timers.now().getTime() + offsetMilliseconds),
    compare(serverDate) {
      if (serverDate !== null) ahead = Math.round((timers.now().getTime() - serverDate.getTime()) / 1000);
    },
    aheadSeconds: () => ahead,
    correct(serverDate) {
      if (serverDate === null) return false;
      const offset = serverDate.getTime() - timers.now().getTime();
      if (Math.abs(offset - offsetMilliseconds) < toleranceSeconds * 1000) return false;
      offsetMilliseconds = offset;
      const seconds = Math.round(Math.abs(offset) / 1000);
      log({
        level: 'warning',
        message: `The clock of this machine is ${seconds} seconds ${offset < 0 ? 'ahead of' : 'behind'} the control plane's. Requests are signed with the control plane's time; set this machine's clock right.`,
      });
      return true;
    },
  };
}
