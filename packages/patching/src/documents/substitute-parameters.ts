import type { ParameterValue } from './command-document.ts';
import type { ParameterValues } from './resolve-parameters.ts';

const REFERENCE = /\{\{\s*([a-zA-Z0-9_-]+)\s*\}\}/g;

/**
 * Writes parameters into a value of a document: `{{ name }}`, white space optional. A parameter that is all of a text
 * keeps its type: a StringList becomes the list itself, and inside a list its texts; elsewhere in a text what is no text
 * is written as JSON. Names that are no
 * parameters (`{{ssm:x}}` has another form) stay as they are. Written text is never looked at again, so a value cannot
 * bring in another parameter.
 */
export function substituteParameters(value: unknown, parameters: ParameterValues): unknown {
  if (typeof value === 'string') return substituteText(value, parameters);
  if (Array.isArray(value)) {
    return value.flatMap((member: unknown) => {
      const written = substituteParameters(member, parameters);
      return typeof member === 'string' && Array.isArray(written) ? written : [written];
    });
  }
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, substituteParameters(member, parameters)]),
  );
}

function substituteText(text: string, parameters: ParameterValues): ParameterValue {
  const whole = /^\{\{\s*([a-zA-Z0-9_-]+)\s*\}\}$/.exec(text)?.[1];
  if (whole !== undefined) {
    const value = Object.hasOwn(parameters, whole) ? parameters[whole] : undefined;
    return value ?? text;
  }
  return text.replaceAll(REFERENCE, (reference: string, name: string) => {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (value === undefined) return reference;
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

/** The variable under which the agent hands over a parameter of interpolationType ENV_VAR (SSM user guide). */
export function environmentVariableName(parameter: string): string {
  return `SSM_${parameter}`;
}

/** The names of the parameters that a text refers to. */
export function referencedParameters(text: string): string[] {
  return [...text.matchAll(REFERENCE)].map(([, name = '']) => name);
}
