import { describeDocumentProblem } from '../../documents/document-problem.ts';
import type { ComponentDocument } from './component-document.ts';
import { readComponentDocument } from './read-component.ts';

/** A document whose build phase has these steps, written as YAML without indentation. */
export function withSteps(steps: string, head = ''): string {
  const indented = steps.replaceAll(/^(?=.)/gm, '      ');
  return `schemaVersion: 1.0\n${head}phases:\n  - name: build\n    steps:\n${indented}\n`;
}

/** One ExecuteBash step; `more` is its other members. */
export function bashStep(name: string, command: string, ...more: string[]): string {
  const members = [`action: ExecuteBash`, ...more, `inputs:`, `  commands:`, `    - ${JSON.stringify(command)}`];
  return [`- name: ${name}`, ...members.map((line) => `  ${line}`)].join('\n');
}

export function problemsOf(text: string): string[] {
  const reading = readComponentDocument(text);
  return reading.ok ? [] : reading.problems.map(describeDocumentProblem);
}

export function readOrFail(text: string): ComponentDocument {
  const reading = readComponentDocument(text);
  if (!reading.ok) throw new Error(reading.problems.map(describeDocumentProblem).join('\n'));
  return reading.document;
}
