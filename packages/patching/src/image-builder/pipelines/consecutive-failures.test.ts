import { array, assert, boolean, constantFrom, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countFailure, countSuccess, type PipelineHealth } from './consecutive-failures.ts';

const healthy: PipelineHealth = { status: 'ENABLED', consecutiveFailures: 0 };
const scheduled = { startedBy: 'schedule' as const };
const manual = { startedBy: 'person' as const };

describe('failures of a pipeline', () => {
  it('disable it when as many scheduled builds failed in succession as its policy says', () => {
    const policy = { failureCount: 2 };
    const first = countFailure(healthy, scheduled, policy);
    expect(first).toEqual({ status: 'ENABLED', consecutiveFailures: 1, disabledBecause: null });
    expect(countFailure(first, scheduled, policy)).toEqual({
      status: 'DISABLED',
      consecutiveFailures: 2,
      disabledBecause:
        "2 scheduled builds in succession failed, and the pipeline's policy allows 1: it is disabled until it is updated to be enabled.",
    });
    expect(countFailure(healthy, scheduled, { failureCount: 1 }).disabledBecause).toContain('A scheduled build failed');
  });

  it('are counted without end where there is no policy', () => {
    expect(countFailure({ ...healthy, consecutiveFailures: 99 }, scheduled, null)).toEqual({
      status: 'ENABLED',
      consecutiveFailures: 100,
      disabledBecause: null,
    });
  });

  it('do not count when a person started the build, but a success of it ends the count', () => {
    const failing = { ...healthy, consecutiveFailures: 3 };
    expect(countFailure(failing, manual, { failureCount: 1 })).toEqual({ ...failing, disabledBecause: null });
    expect(countSuccess(failing)).toEqual(healthy);
  });

  it('of a build that was under way when the pipeline was disabled are counted without disabling it again', () => {
    const disabled: PipelineHealth = { status: 'DISABLED', consecutiveFailures: 2 };
    expect(countFailure(disabled, scheduled, { failureCount: 2 })).toEqual({
      status: 'DISABLED',
      consecutiveFailures: 3,
      disabledBecause: null,
    });
    expect(countSuccess(disabled)).toEqual({ status: 'DISABLED', consecutiveFailures: 0 });
  });

  it('disable exactly when so many scheduled ones came in succession at the end of any history', () => {
    const build = constantFrom('scheduled failure', 'manual failure', 'success');
    assert(
      property(array(build), integer({ min: 1, max: 10 }), boolean(), (builds, failureCount, hasPolicy) => {
        const policy = hasPolicy ? { failureCount } : null;
        let health = healthy;
        let succession = 0;
        for (const each of builds) {
          const before = health.status;
          if (each === 'success') {
            health = countSuccess(health);
            succession = 0;
          } else {
            health = countFailure(health, each === 'scheduled failure' ? scheduled : manual, policy);
            if (each === 'scheduled failure') succession += 1;
          }
          expect(health.consecutiveFailures).toBe(succession);
          const isReached = hasPolicy && each === 'scheduled failure' && succession >= failureCount;
          expect(health.status).toBe(isReached ? 'DISABLED' : before);
        }
      }),
    );
  });
});
