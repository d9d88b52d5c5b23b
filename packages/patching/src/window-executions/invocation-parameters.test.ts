import { describe, expect, it } from 'vitest';
import { substitutePseudoParameters } from './invocation-parameters.ts';

const pseudo = {
  WINDOW_ID: 'mw-1',
  WINDOW_TASK_ID: 'task',
  WINDOW_TARGET_ID: 'target',
  WINDOW_EXECUTION_ID: 'execution',
  TASK_EXECUTION_ID: 'task-execution',
  INVOCATION_ID: 'invocation',
  TARGET_TYPE: 'INSTANCE',
};

describe('pseudo parameters', () => {
  it('are written in wherever they stand, with or without spaces', () => {
    expect(
      substitutePseudoParameters(
        { commands: ['echo {{WINDOW_ID}}', 'id={{ INVOCATION_ID }}/{{TARGET_TYPE}}'] },
        pseudo,
      ),
    ).toEqual({ commands: ['echo mw-1', 'id=invocation/INSTANCE'] });
  });

  it('leave other braces alone', () => {
    const parameters = { commands: ['{{TARGET_ID}} {{ssm:name}} {{ constructor }} {WINDOW_ID}'] };
    expect(substitutePseudoParameters(parameters, pseudo)).toEqual(parameters);
  });
});
