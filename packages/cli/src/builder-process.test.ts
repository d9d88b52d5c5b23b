import { describe, expect, it } from 'vitest';
import { readLogLine, requireBuilderBeside } from './builder-process.ts';

describe('a builder beside the control plane', () => {
  it('is refused where others can call the control plane, with what to do instead', () => {
    expect(() => requireBuilderBeside({ isLoopback: false })).toThrow(
      'Run patchbay agent --builder on another machine.',
    );
  });

  it.each([
    ['2026-11-22T14:00:00.000Z Online as mi-1', { level: 'info', message: 'Online as mi-1' }],
    ['2026-11-22T14:00:00.000Z warning: No build', { level: 'warning', message: 'No build' }],
    ['TypeError: something', { level: 'info', message: 'TypeError: something' }],
  ])('has its lines in the log of the control plane: %s', (line, event) => {
    expect(readLogLine(line)).toEqual(event);
  });
});
