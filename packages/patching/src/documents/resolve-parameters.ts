import { compilePattern } from '../allowed-pattern/linear-pattern.ts';
import {
  type CommandDocument,
  type DocumentParameter,
  type ParameterType,
  type ParameterValue,
  parameterKinds,
} from './command-document.ts';
import { isNestedTooDeep } from './nesting-depth.ts';

/** Values of a document's parameters, each as its type wants it. */
export type ParameterValues = Readonly<Record<string, ParameterValue>>;

/** The value of a String parameter; empty where there is none. */
export function textOf(values: ParameterValues, name: string): string {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  return typeof value === 'string' ? value : '';
}

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
    const value = messages.length === 0 ? readValue(parameter.type, texts) : undefined;
    if (messages.length === 0 && value === undefined) {
      messages.push(`Parameter ${name} must be ${parameterKinds[parameter.type].words}${formOf(parameter.type)}`);
    }
    problems.push(...messages.map((message) => ({ parameter: name, message })));
    if (value !== undefined) values.push([name, value]);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, values: Object.fromEntries(values) };
}

/** A value in a document or a call that stands for a parameter of Parameter Store (SSM user guide, "ssm:parameter-name"). */
const STORE_REFERENCE = /\{\{\s*ssm(?:-secure)?:[^}]*\}\}/;

/**
 * What refers to Parameter Store where nothing is looked up: in the steps of a document, and in what documents that it runs
 * get. Only the values and defaults of the parameters of the document that is sent are, before they come here.
 */
export function findStoreReferences(document: CommandDocument, values: ParameterValues): string[] {
  const places: (readonly [string, unknown])[] = [
    ...document.mainSteps.map(({ name, inputs }) => [`The step ${name}`, inputs] as const),
    ...Object.entries(values).map(([name, value]) => [`Parameter ${name}`, value] as const),
  ];
  return places.flatMap(([place, value]) => {
    const reference = STORE_REFERENCE.exec(typeof value === 'string' ? value : JSON.stringify(value))?.[0];
    if (reference === undefined) return [];
    return [
      `${place} refers to Parameter Store (${reference}): that is looked up only in the values, and in defaults that are texts, of the parameters of the document that a command sends`,
    ];
  });
}

/** From texts to the type of the parameter; undefined where they are none of it. Maps are written as JSON. */
function readValue(type: ParameterType, texts: readonly string[]): ParameterValue | undefined {
  const [text = ''] = texts;
  switch (type) {
    case 'String':
      return text;
    case 'StringList':
      return [...texts];
    case 'Integer':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
    case 'Boolean':
      return text === 'true' || text === 'false' ? text === 'true' : undefined;
    case 'StringMap':
      return readJson(type, text);
    case 'MapList':
      // One JSON list, or a JSON map in each text.
      return readJson(type, text.trimStart().startsWith('[') ? text : `[${texts.join(',')}]`);
  }
}

function readJson(type: ParameterType, text: string): ParameterValue | undefined {
  try {
    const parsed = parameterKinds[type].schema.safeParse(JSON.parse(text));
    return parsed.success && !isNestedTooDeep(parsed.data) ? (parsed.data as ParameterValue) : undefined;
  } catch {
    // What is no JSON is no value of the type; the caller says so.
    return undefined;
  }
}

function formOf(type: ParameterType): string {
  return type === 'StringMap' || type === 'MapList' ? ', written as JSON' : '';
}

function checkTexts(name: string, parameter: DocumentParameter, texts: readonly string[]): string[] {
  const messages: string[] = [];
  const isSingle = parameter.type !== 'StringList' && parameter.type !== 'MapList';
  if (isSingle && texts.length !== 1) {
    messages.push(`Parameter ${name} takes exactly one value, not ${texts.length}`);
  }
  const { minItems, maxItems, minChars, maxChars, allowedValues, allowedPattern } = parameter;
  if (minItems !== undefined && texts.length < minItems)
    messages.push(`Parameter ${name} takes at least ${minItems} values`);
  if (maxItems !== undefined && texts.length > maxItems)
    messages.push(`Parameter ${name} takes at most ${maxItems} values`);
  const compiled = allowedPattern === undefined ? null : compilePattern(allowedPattern);
  if (compiled?.ok === false)
    messages.push(`The allowedPattern of parameter ${name} cannot be used: ${compiled.problem}`);
  const pattern = compiled?.ok === true ? compiled.pattern : null;
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
