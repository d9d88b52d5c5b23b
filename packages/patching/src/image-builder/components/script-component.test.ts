import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { componentType } from './component-document.ts';
import { resolveComponentVariables } from './component-parameters.ts';
import { readComponentDocument } from './read-component.ts';
import { runComponent } from './run-component.ts';
import { writeScriptComponent } from './script-component.ts';

function commandsOf(script: string, type: 'BUILD' | 'TEST'): unknown {
  const reading = readComponentDocument(writeScriptComponent({ name: 'imported', description: 'A: b', type, script }));
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  expect(componentType(reading.document)).toBe(type);
  const variables = resolveComponentVariables(reading.document, new Map());
  const request = runComponent(reading.document, { variables, canReboot: false }).next().value;
  return 'kind' in request && request.kind === 'perform' ? request.action.inputs : request;
}

describe('a component around a script', () => {
  it('runs the script in the phase of its type', () => {
    expect(commandsOf('#!/bin/bash\nset -e\necho ok\n', 'BUILD')).toEqual({
      commands: ['#!/bin/bash\nset -e\necho ok\n'],
    });
    expect(commandsOf('true', 'TEST')).toEqual({ commands: ['true'] });
  });

  it('runs the very script that was given, whatever it holds', () => {
    expect(commandsOf('echo "{{ Name }}" {{ build.Step.outputs.stdout }}', 'BUILD')).toEqual({
      commands: ['echo "{{ Name }}" {{ build.Step.outputs.stdout }}'],
    });
    assert(
      property(string({ minLength: 1, unit: 'binary' }), (script) => {
        expect(commandsOf(script, 'BUILD')).toEqual({ commands: [script] });
      }),
    );
  });
});
