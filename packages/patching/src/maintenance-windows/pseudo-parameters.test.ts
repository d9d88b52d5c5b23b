import { describe, expect, it } from 'vitest';
import { findPseudoParameters, forbiddenPseudoParameters, substitutePseudoParameters } from './pseudo-parameters.ts';

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

  it('are written in wherever they stand, and other braces are left alone', () => {
    const values = {
      WINDOW_ID: 'mw-1',
      WINDOW_TASK_ID: 'task',
      WINDOW_TARGET_ID: 'target',
      WINDOW_EXECUTION_ID: 'execution',
      TASK_EXECUTION_ID: 'task-execution',
      INVOCATION_ID: '$&',
      TARGET_TYPE: 'INSTANCE',
    };
    expect(substitutePseudoParameters('{{WINDOW_ID}}={{ INVOCATION_ID }}/{{TARGET_TYPE}}', values)).toBe(
      'mw-1=$&/INSTANCE',
    );
    const others = '{{TARGET_ID}} {{ssm:name}} {{ constructor }} {WINDOW_ID}';
    expect(substitutePseudoParameters(others, values)).toBe(others);
  });
});
