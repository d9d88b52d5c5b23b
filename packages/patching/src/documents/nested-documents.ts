import { z } from 'zod';
import type { CommandDocument } from './command-document.ts';
import { isNestedTooDeep } from './nesting-depth.ts';
import type { ParameterValues } from './resolve-parameters.ts';
import { substituteParameters } from './substitute-parameters.ts';

/** A document that a step names: to run it, or to fetch its content. */
export interface NestedReference {
  readonly stepName: string;
  /** As the step writes it. */
  readonly path: string;
  /** What it is run with, as SendCommand takes it. */
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  readonly isRun: boolean;
}

/** The documents of the control plane that the steps of a document name, once its parameters are known. */
export function nestedReferences(
  document: CommandDocument,
  values: ParameterValues,
): (NestedReference | { readonly problem: string })[] {
  return document.mainSteps.flatMap((step) => {
    const inputs = substituteParameters(step.inputs, values) as Readonly<Record<string, unknown>>;
    const reference = { stepName: step.name };
    if (step.action === 'aws:downloadContent' && inputs['sourceType'] === 'SSMDocument') {
      const { name } = readJsonMap(inputs['sourceInfo']) ?? {};
      if (typeof name !== 'string') return { problem: `${step.name} names no document in its sourceInfo.` };
      return { ...reference, path: name, parameters: {}, isRun: false };
    }
    if (step.action !== 'aws:runDocument' || inputs['documentType'] === 'LocalPath') return [];
    const path = inputs['documentPath'];
    if (typeof path !== 'string' || path === '') return { problem: `${step.name} names no document.` };
    const parameters = readDocumentParameters(inputs['documentParameters']);
    if (parameters === null) return { problem: `The documentParameters of ${step.name} are no JSON object.` };
    return { ...reference, path, parameters, isRun: true };
  });
}

/** A map that a step may write as JSON text as well; null where it is neither. */
export function readJsonMap(given: unknown): Record<string, unknown> | null {
  let value: unknown = given ?? {};
  try {
    if (typeof value === 'string') value = value.trim() === '' ? {} : JSON.parse(value);
  } catch {
    // The caller reports it as a wrong input.
    return null;
  }
  const parsed = z.record(z.string(), z.unknown()).safeParse(value);
  return parsed.success && !isNestedTooDeep(value) ? parsed.data : null;
}

/** Parameters of a nested document as SendCommand takes them; a single text stands for a list of one. */
export function readDocumentParameters(given: unknown): Record<string, string[]> | null {
  const map = readJsonMap(given);
  if (map === null) return null;
  const write = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  return Object.fromEntries(
    Object.entries(map).map(([name, value]) => [name, Array.isArray(value) ? value.map(write) : [write(value)]]),
  );
}

/** Documents by the names under which steps name them. */
export type NestedDocuments = ReadonlyMap<string, CommandDocument>;
