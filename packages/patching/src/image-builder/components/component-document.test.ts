import { describe, expect, it } from 'vitest';
import { readOrFail } from './component.test-support.ts';
import { orderPhases } from './component-document.ts';

function withPhases(...phases: readonly string[]) {
  const steps = [{ name: 'one', action: 'UpdateOS' }];
  return readOrFail(JSON.stringify({ schemaVersion: '1.0', phases: phases.map((name) => ({ name, steps })) }));
}

describe('the phases of several components', () => {
  const documents = [
    withPhases('validate', 'build', 'test'),
    withPhases('test'),
    withPhases('build', 'other', 'container-host-test'),
  ];

  it('are validated only after all are built', () => {
    expect(orderPhases(documents, 'build')).toEqual([
      { component: 0, phase: 'build' },
      { component: 2, phase: 'build' },
      { component: 0, phase: 'validate' },
    ]);
  });

  it('are tested in the order of the recipe, beside the container at last', () => {
    expect(orderPhases(documents, 'test')).toEqual([
      { component: 0, phase: 'test' },
      { component: 1, phase: 'test' },
      { component: 2, phase: 'container-host-test' },
    ]);
  });
});
