import { readComponentDocument } from '@patchbay/patching';
import { describe, expect, it } from 'vitest';
import { choosePhases, findRootProblem, readComponentFile, readParameters } from './component-file.ts';

function documentOf(action: string, inputs: string) {
  const text = `schemaVersion: 1.0\nphases: [{name: test, steps: [{name: A, action: ${action}, inputs: ${inputs}}]}]\n`;
  const reading = readComponentDocument(text);
  if (!reading.ok) throw new Error(reading.problems[0]?.message);
  return reading.document;
}

describe('a component document in a file', () => {
  it('gives names and values of parameters, of which a value may hold =', () => {
    expect([...readParameters(['A=b=c', 'D='])]).toEqual([
      ['A', 'b=c'],
      ['D', ''],
    ]);
    expect(() => readParameters(['=a'])).toThrow('--parameter takes NAME=VALUE');
    expect(() => readParameters(['secret'])).toThrow(/^(?!.*secret)/);
  });

  it('runs all its phases, or those that are named', () => {
    const document = documentOf('UpdateOS', '{}');
    expect(choosePhases(document, undefined)).toEqual(['test']);
    expect(choosePhases(document, ' test')).toEqual(['test']);
    expect(() => choosePhases(document, 'test,build')).toThrow('has no phase build; it has test');
  });

  it('cannot run in a root where it reboots or uses S3', () => {
    expect(findRootProblem(documentOf('Reboot', '{}'))).toMatch(/reboots/);
    expect(findRootProblem(documentOf('S3Upload', "[{source: /a, destination: 's3://b/c'}]"))).toMatch(/uses S3/);
    expect(findRootProblem(documentOf('UpdateOS', '{}'))).toBeNull();
  });

  it('that is not there is an error', () => {
    expect(() => readComponentFile('/nowhere/component.yaml')).toThrow('/nowhere/component.yaml cannot be read.');
  });
});
