import { describe, expect, it } from 'vitest';
import { decideDispatch, noProgress, type ProgressCounts, resolveLimit, summarizeCommand } from './rate-control.ts';

function invocations(parts: Partial<ProgressCounts>): ProgressCounts {
  return { ...noProgress, ...parts };
}

describe('rate control', () => {
  it.each([
    ['50', 10, 50],
    ['0', 10, 0],
    ['10%', 50, 5],
    ['10%', 5, 0],
    ['100%', 7, 7],
  ])('reads %s of %i targets as %i', (limit, targets, expected) => {
    expect(resolveLimit(limit, targets)).toBe(expected);
  });

  it('starts no more than MaxConcurrency at once', () => {
    const limits = { maxConcurrency: '2', maxErrors: '0' };
    expect(decideDispatch(limits, invocations({ queued: 5 })).dispatchCount).toBe(2);
    expect(decideDispatch(limits, invocations({ queued: 4, running: 1 })).dispatchCount).toBe(1);
    expect(decideDispatch(limits, invocations({ queued: 4, running: 2 })).dispatchCount).toBe(0);
  });

  it('starts no more than there is room for', () => {
    const limits = { maxConcurrency: '50', maxErrors: '0' };
    expect(decideDispatch(limits, invocations({ queued: 5 }), 3).dispatchCount).toBe(3);
    expect(decideDispatch(limits, invocations({ queued: 5 }), -1)).toMatchObject({
      dispatchCount: 0,
      isFinished: false,
    });
  });

  it('lets one run where a percentage rounds to none', () => {
    expect(decideDispatch({ maxConcurrency: '10%', maxErrors: '0' }, invocations({ queued: 5 })).dispatchCount).toBe(1);
  });

  it('stops at the sixth error of fifty targets with MaxErrors 10%', () => {
    const limits = { maxConcurrency: '50', maxErrors: '10%' };
    expect(decideDispatch(limits, invocations({ failed: 5, queued: 45 })).isErrorLimitExceeded).toBe(false);
    const stopped = decideDispatch(limits, invocations({ failed: 6, queued: 44 }));
    expect(stopped).toEqual({ dispatchCount: 0, isErrorLimitExceeded: true, isFinished: true });
  });

  it('does not count what could not be delivered', () => {
    const limits = { maxConcurrency: '50', maxErrors: '0' };
    expect(decideDispatch(limits, invocations({ undelivered: 3, queued: 1 })).isErrorLimitExceeded).toBe(false);
  });

  it.each([
    [{}, 'Failed', 'NoInstancesInTag'],
    [{ succeeded: 2 }, 'Success', 'Success'],
    [{ succeeded: 1, failed: 1 }, 'Failed', 'Failed'],
    [{ undelivered: 2 }, 'TimedOut', 'DeliveryTimedOut'],
    [{ undeliverable: 2 }, 'Failed', 'Failed'],
    [{ undeliverable: 1, undelivered: 1 }, 'TimedOut', 'DeliveryTimedOut'],
    [{ succeeded: 1, undelivered: 1 }, 'Failed', 'Incomplete'],
    [{ succeeded: 1, cancelled: 1 }, 'Cancelled', 'Cancelled'],
  ] as const)('ends %j as %s, %s', (parts, status, statusDetails) => {
    expect(summarizeCommand({ maxConcurrency: '50', maxErrors: '0' }, invocations(parts))).toEqual({
      status,
      statusDetails,
    });
  });
});
