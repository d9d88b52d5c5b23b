import { describe, expect, it } from 'vitest';
import { missedWindowStart, type WindowStart } from './missed-start.ts';

const minute = 60_000;
const scheduledAt = Date.parse('2027-03-28T01:00:00Z');

function start(parts: Partial<WindowStart>) {
  const noStartsAfter = scheduledAt + 120 * minute;
  return missedWindowStart({ scheduledAt, noStartsAfter, now: scheduledAt, skipped: 0, policy: 'run', ...parts });
}

describe('a window whose time has come', () => {
  it('opens without a word when it is found in time', () => {
    expect(start({ now: scheduledAt + 4000 })).toEqual({ ending: null, statusDetails: '' });
  });

  it('opens late while its cutoff has not come, and says so', () => {
    const { ending, statusDetails } = start({ now: scheduledAt + 30 * minute });
    expect(ending).toBeNull();
    expect(statusDetails).toBe(
      'The control plane was not running at 2027-03-28T01:00:00.000Z: started 30 minutes late.',
    );
  });

  it('is missed from its cutoff on', () => {
    expect(start({ now: scheduledAt + 120 * minute }).ending?.status).toBe('TIMED_OUT');
  });

  it('is skipped when it is late and its policy says so', () => {
    expect(start({ now: scheduledAt + 2 * minute, policy: 'skip' }).ending?.status).toBe('TIMED_OUT');
    expect(start({ now: scheduledAt + 1000, policy: 'skip' }).ending).toBeNull();
  });

  it('tells of earlier starts that nobody took', () => {
    expect(start({ skipped: 2 })).toEqual({ ending: null, statusDetails: '2 earlier starts were missed, too.' });
    expect(start({ now: scheduledAt + 30 * minute, skipped: 1 }).statusDetails).toMatch(
      /started 30 minutes late\. 1 earlier start was missed, too\.$/,
    );
  });
});
