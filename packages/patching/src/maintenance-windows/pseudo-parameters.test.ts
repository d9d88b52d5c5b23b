import { describe, expect, it } from 'vitest';
import { findPseudoParameters, forbiddenPseudoParameters } from './pseudo-parameters.ts';

describe('pseudo parameters', () => {
  it('are found anywhere in a value, each once, with and without spaces', () => {
    const value = { a: ['{{ WINDOW_ID }}', 'x{{TARGET_ID}}{{WINDOW_ID}}'], b: { c: '{{  TASK_EXECUTION_ID}}', d: 7 } };
    expect(findPseudoParameters(value)).toEqual(['WINDOW_ID', 'TASK_EXECUTION_ID', 'TARGET_ID']);
  });

  it.each(['{{window_id}}', '{{TARGETS}}', '{WINDOW_ID}', '{{WINDOW_ID', '{{ssm:WINDOW_ID}}', '{{WINDOW_IDS}}'])(
    'are not %s',
    (text) => {
      expect(findPseudoParameters(text)).toEqual([]);
    },
  );

  it('that name one node are not for commands', () => {
    const value = '{{TARGET_ID}} {{RESOURCE_ID}} {{TARGET_TYPE}}';
    expect(forbiddenPseudoParameters('RUN_COMMAND', value)).toEqual(['TARGET_ID', 'RESOURCE_ID']);
    expect(forbiddenPseudoParameters('AUTOMATION', value)).toEqual([]);
  });
});
