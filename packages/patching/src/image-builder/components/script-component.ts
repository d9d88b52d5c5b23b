import { stringify } from 'yaml';

/** A shell script and what the component around it is to say (ImportComponent). */
export interface ImportedScript {
  readonly name: string;
  readonly description: string | null;
  readonly type: 'BUILD' | 'TEST';
  readonly script: string;
}

/**
 * The document of a component that runs a script in one step. The script is a constant, so that what looks like a reference in
 * it stays as it is.
 */
export function writeScriptComponent({ name, description, type, script }: ImportedScript): string {
  const step = { name: 'RunScript', action: 'ExecuteBash', inputs: { commands: ['{{ Script }}'] } };
  const document = {
    name,
    ...(description !== null && { description }),
    schemaVersion: '1.0',
    constants: [{ Script: { type: 'string', value: script } }],
    phases: [{ name: type === 'BUILD' ? 'build' : 'test', steps: [step] }],
  };
  return stringify(document, { lineWidth: 0 });
}
