import { describe, expect, it } from 'vitest';
import { describeClock, explainReleaseDate } from './clock-words.ts';

describe('describeClock', () => {
  it.each([
    [null, null],
    [29, null],
    [-29, null],
    [90, '90 seconds ahead of'],
    [-600, '10 minutes behind'],
    [-7200, '2 hours behind'],
    [864_000, '10 days ahead of'],
  ])('%s seconds ahead: %s', (seconds, expected) => {
    if (expected === null) expect(describeClock(seconds)).toBeNull();
    else
      expect(describeClock(seconds)).toBe(`the clock of this machine is ${expected} the control plane's: set it right`);
  });
});

describe('explainReleaseDate', () => {
  const early =
    'Release file for http://a.example/dists/x/InRelease is not valid yet (invalid for another 5h 3min 2s). Updates for this repository will not be applied.';
  const late =
    'Release file for http://a.example/dists/x/InRelease is expired (invalid since 2d 1h). Updates for this repository will not be applied.';

  it('names the clock where it is the cause', () => {
    expect(explainReleaseDate(early, -18_000)).toContain('5 hours behind');
    expect(explainReleaseDate(late, 200_000)).toContain('2 days ahead');
  });

  it('says what may be the cause where the clock is right, or was not compared', () => {
    expect(explainReleaseDate(early, 0)).toMatch(/clock of this machine, which may be behind\)$/);
    expect(explainReleaseDate(late, null)).toMatch(/not renewed since/);
    expect(explainReleaseDate(late, -18_000)).toMatch(/not renewed since/);
  });

  it('leaves other complaints alone', () => {
    expect(explainReleaseDate('Connection refused', 4000)).toBe('Connection refused');
  });
});
