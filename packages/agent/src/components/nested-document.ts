import {
  type ComponentAction,
  type ComponentDocument,
  ComponentParameterError,
  describeDocumentProblem,
  readComponentDocument,
  readNestedComponent,
  resolveComponentVariables,
} from '@patchbay/patching';
import { failed } from './action-end.ts';
import { absoluteFile, readBytes } from './file-actions.ts';
import type { ActionStage } from './run-program.ts';

export type FetchedComponent =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string };

/** Finds the document of a component that a control plane holds, by its ARN; `x` in it stands for the newest. */
export type FetchComponent = (arn: string, signal: AbortSignal) => Promise<FetchedComponent>;

export interface NestedDocument {
  readonly document: ComponentDocument;
  readonly variables: ReadonlyMap<string, string>;
  readonly phases: readonly string[] | undefined;
}

type NestedInputs = Extract<ComponentAction, { readonly name: 'ExecuteDocument' }>['inputs'];

/** The document that an ExecuteDocument step runs, ready to run. @throws ActionEnd when it cannot be had */
export async function readNestedDocument(
  stage: ActionStage,
  inputs: NestedInputs,
  fetchComponent: FetchComponent,
): Promise<NestedDocument> {
  const nested = readNestedComponent(inputs);
  if (!nested.ok) throw failed(nested.message);
  const { source, given, phases } = nested.nested;
  if (source.kind === 's3') throw failed('there is no S3 here: put the document into the root, or make it a component');
  const text =
    source.kind === 'path'
      ? (await readBytes(stage, absoluteFile(stage, source.path))).toString('utf8')
      : await fetchText(fetchComponent, inputs.document, stage.signal);
  const reading = readComponentDocument(text);
  if (!reading.ok) {
    throw failed(
      `${inputs.document} is no component document: ${reading.problems.map(describeDocumentProblem).join('; ')}`,
    );
  }
  const { document } = reading;
  const missing = phases?.find((name) => document.phases.every((phase) => phase.name !== name));
  if (missing !== undefined) throw failed(`${inputs.document} has no phase ${missing}`);
  try {
    return { document, variables: resolveComponentVariables(document, given), phases };
  } catch (error) {
    if (error instanceof ComponentParameterError) throw failed(error.message);
    throw error;
  }
}

async function fetchText(fetchComponent: FetchComponent, arn: string, signal: AbortSignal): Promise<string> {
  const fetched = await fetchComponent(arn, signal);
  if (!fetched.ok) throw failed(fetched.message);
  return fetched.text;
}
