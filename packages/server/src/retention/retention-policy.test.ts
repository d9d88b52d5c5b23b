import { describe, expect, it } from 'vitest';
import { defaultRetention, readRetention } from './retention-policy.ts';

describe('how long things are kept', () => {
  it('is said by name, the rest stays', () => {
    expect(readRetention([])).toEqual(defaultRetention);
    expect(readRetention(['facts=7', 'command-output=90'])).toEqual({
      ...defaultRetention,
      facts: 7,
      commandOutput: 90,
    });
  });

  it.each(['facts', 'facts=0', 'facts=-1', 'facts=1.5', 'constructor=3', 'everything=3', 'facts=999999'])(
    'is not said by %s',
    (rule) => {
      expect(() => readRetention([rule])).toThrow(/is not NAME=DAYS/);
    },
  );
});
