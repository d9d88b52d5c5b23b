import type { ParameterValues } from './resolve-parameters.ts';

const REFERENCE = /\{\{\s*([a-zA-Z0-9_-]+)\s*\}\}/g;

/**
 * Writes parameters into a value of a document: `{{ name }}`, white space optional. A StringList that is all of a text
 * becomes the list itself, and inside a list its texts; elsewhere in a text it is written as JSON. Names that are no
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

function substituteText(text: string, parameters: ParameterValues): string | string[] {
  const whole = /^\{\{\s*([a-zA-Z0-9_-]+)\s*\}\}$/.exec(text)?.[1];
  if (whole !== undefined) {
    const value = Object.hasOwn(parameters, whole) ? parameters[whole] : undefined;
    return value === undefined ? text : Array.isArray(value) ? [...value] : value;
  }
  return text.replaceAll(REFERENCE, (reference: string, name: string) => {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (value === undefined) return reference;
    return Array.isArray(value) ? JSON.stringify(value) : value;
  });
}

/** The variable under which the agent hands over a parameter of interpolationType ENV_VAR (SSM user guide). */
export function environmentVariableName(parameter: string): string {
  return `SSM_${parameter}`;
}
