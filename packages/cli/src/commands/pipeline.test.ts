import { describe, expect, it } from 'vitest';
import { describeRuns } from './pipeline.ts';

describe('what a pipeline decided', () => {
  it('is told with the reasons', () => {
    const told = describeRuns({
      status: 'DISABLED',
      disabledBecause: 'A scheduled build failed.',
      schedule: 'At 02:00 on Sundays, Europe/Berlin',
      nextRunAt: null,
      runs: [
        {
          scheduledAt: '2026-11-29T01:00:00.000Z',
          decidedAt: '2026-11-29T01:00:00.000Z',
          decision: 'skip',
          because: ['Nothing has changed.', 'It lacks no approved patch.'],
          imageBuildVersionArn: null,
        },
        {
          scheduledAt: '2026-11-22T01:00:00.000Z',
          decidedAt: '2026-11-22T01:00:00.000Z',
          decision: 'start',
          because: ['There was no image.'],
          imageBuildVersionArn: 'arn:image',
        },
      ],
    });
    expect(told).toEqual([
      'DISABLED  At 02:00 on Sundays, Europe/Berlin  nothing upcoming',
      '  A scheduled build failed.',
      '2026-11-29T01:00:00.000Z  not built',
      '  Nothing has changed.',
      '  It lacks no approved patch.',
      '2026-11-22T01:00:00.000Z  built arn:image',
      '  There was no image.',
    ]);
  });

  it('may be nothing', () => {
    const nothing = { status: 'ENABLED', disabledBecause: null, schedule: null, nextRunAt: null, runs: [] } as const;
    expect(describeRuns({ ...nothing, runs: [] })).toEqual([
      'ENABLED  no schedule: only people start it  nothing upcoming',
      'Nothing was decided yet.',
    ]);
  });
});
