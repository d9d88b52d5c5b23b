import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { addTagLimit } from './tag-limit-option.ts';

describe('--tag-limit', () => {
  it('joins values of one key and keeps keys apart', () => {
    const limits = ['PatchGroup=web', 'Stage=a=b', 'PatchGroup=cache', 'Empty='].reduce(
      (earlier: ReturnType<typeof addTagLimit>, text) => addTagLimit(text, earlier),
      [],
    );
    expect(limits).toEqual([
      { key: 'PatchGroup', values: ['web', 'cache'] },
      { key: 'Stage', values: ['a=b'] },
      { key: 'Empty', values: [''] },
    ]);
  });

  it.each(['web', '=web', ''])('refuses %j', (text) => {
    expect(() => addTagLimit(text)).toThrow(InvalidArgumentError);
  });
});
