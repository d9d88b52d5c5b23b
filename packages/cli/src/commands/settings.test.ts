import { describe, expect, it } from 'vitest';
import { readChange } from './settings.ts';

describe('the file of patchbay settings put', () => {
  it('is what get printed, with the revision that it was read at', () => {
    const printed = { settings: { verdictMaxAgeHours: 24 }, revision: 3, changedAt: null, defaults: {} };
    expect(readChange(JSON.stringify(printed))).toEqual({
      settings: { verdictMaxAgeHours: 24 },
      expectedRevision: 3,
    });
  });

  it('or only what shall change', () => {
    expect(readChange('{"successorPolicy":"wait"}')).toEqual({ settings: { successorPolicy: 'wait' } });
  });

  it.each([
    ['no JSON', '{', 'cannot be read as JSON'],
    ['a name that is none', '{"verdictMaxAge":24}', 'verdictMaxAge'],
    ['a value that cannot be', '{"verdictMaxAgeHours":0}', 'verdictMaxAgeHours'],
    ['what get prints without its revision', '{"settings":{}}', 'revision'],
  ])('is refused with %s', (_title, content, sentence) => {
    expect(() => readChange(content)).toThrow(sentence);
  });
});
