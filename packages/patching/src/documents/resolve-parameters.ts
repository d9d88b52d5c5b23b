import type { CommandDocument, DocumentParameter, ParameterValue } from './command-document.ts';

/** Values of a document's parameters: one text for String, a list for StringList. */
export type ParameterValues = Readonly<Record<string, ParameterValue>>;

/** Why the given parameters do not fit; AWS's error for all of them is InvalidParameters. */
export interface ParameterProblem {
  readonly parameter: string;
  readonly message: string;
}

export type ParameterResolution =
  | { readonly ok: true; readonly values: ParameterValues }
  | { readonly ok: false; readonly problems: readonly ParameterProblem[] };

/**
 * Checks given parameters against a document and fills in the defaults. On the wire every parameter is a list of texts,
 * for String a list of exactly one (SSM API, SendCommand).
 */
export function resolveParameters(
  document: CommandDocument,
  given: Readonly<Record<string, readonly string[]>>,
): ParameterResolution {
  const problems: ParameterProblem[] = [];
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(document.parameters, name)) continue;
    const known = Object.keys(document.parameters).join(', ') || 'none';
    problems.push({
      parameter: name,
      message: `Parameter ${name} is not defined in the document; it defines: ${known}`,
    });
  }
  const values: [string, ParameterValue][] = [];
  for (const [name, parameter] of Object.entries(document.parameters)) {
    const texts = Object.hasOwn(given, name) ? given[name] : undefined;
    if (texts === undefined) {
      if (parameter.default === undefined) {
        problems.push({ parameter: name, message: `Parameter ${name} is required` });
      } else {
        values.push([name, parameter.default]);
      }
      continue;
    }
    const messages = checkTexts(name, parameter, texts);
    problems.push(...messages.map((message) => ({ parameter: name, message })));
    if (messages.length === 0) values.push([name, parameter.type === 'String' ? (texts[0] ?? '') : [...texts]]);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, values: Object.fromEntries(values) };
}

function checkTexts(name: string, parameter: DocumentParameter, texts: readonly string[]): string[] {
  const messages: string[] = [];
  if (parameter.type === 'String' && texts.length !== 1) {
    messages.push(`Parameter ${name} takes exactly one value, not ${texts.length}`);
  }
  const { minItems, maxItems, minChars, maxChars, allowedValues, allowedPattern } = parameter;
  if (minItems !== undefined && texts.length < minItems)
    messages.push(`Parameter ${name} takes at least ${minItems} values`);
  if (maxItems !== undefined && texts.length > maxItems)
    messages.push(`Parameter ${name} takes at most ${maxItems} values`);
  const pattern = allowedPattern === undefined ? null : new RegExp(allowedPattern);
  for (const text of texts) {
    const shown = JSON.stringify(text);
    if (minChars !== undefined && text.length < minChars) {
      messages.push(`Value ${shown} of parameter ${name} has fewer than ${minChars} characters`);
    }
    if (maxChars !== undefined && text.length > maxChars) {
      messages.push(`Value ${shown} of parameter ${name} has more than ${maxChars} characters`);
    }
    if (allowedValues !== undefined && !allowedValues.includes(text)) {
      messages.push(`Value ${shown} of parameter ${name} is not allowed; use one of: ${allowedValues.join(', ')}`);
    }
    if (pattern !== null && !pattern.test(text)) {
      messages.push(`Value ${shown} of parameter ${name} does not match the pattern ${allowedPattern}`);
    }
  }
  return messages;
}
