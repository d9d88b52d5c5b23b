import { describe, expect, it } from 'vitest';
import { pauseAfterFailure } from './presence.ts';

const minute = 60_000;

describe('the pause after a ping that failed', () => {
  it.each([
    ['grows from seconds to five minutes when the control plane is away', false, [5_000, 10_000, 20_000], 5 * minute],
    [
      'grows from five minutes to an hour when it refuses the node',
      true,
      [5 * minute, 10 * minute, 20 * minute],
      60 * minute,
    ],
  ])('%s', (_case, isRefused, first, longest) => {
    expect([1, 2, 3].map((failures) => pauseAfterFailure(failures, isRefused, 1))).toEqual(first);
    expect(pauseAfterFailure(50, isRefused, 1)).toBe(longest);
  });

  it('differs between nodes', () => {
    expect(pauseAfterFailure(1, false, 0)).toBe(3_750);
  });
});
