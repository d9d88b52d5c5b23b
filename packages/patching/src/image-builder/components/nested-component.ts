import { type ImageBuilderArn, ImageBuilderArnError, parseArnOf } from '../arns/image-builder-arn.ts';
import type { ComponentAction } from './action-inputs.ts';

type NestedInputs = Extract<ComponentAction, { readonly name: 'ExecuteDocument' }>['inputs'];

/** Where the document of an ExecuteDocument step is. */
export type NestedSource =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 's3'; readonly url: string; readonly expectedBucketOwner: string | null }
  | { readonly kind: 'component'; readonly arn: ImageBuilderArn };

export interface NestedComponent {
  readonly source: NestedSource;
  /** The phases to run; all without. */
  readonly phases: readonly string[] | undefined;
  readonly given: ReadonlyMap<string, string>;
}

export type NestedReading =
  | { readonly ok: true; readonly nested: NestedComponent }
  | { readonly ok: false; readonly message: string };

/** What an ExecuteDocument step runs (user guide, ExecuteDocument): a file, an object of S3, or a component by its ARN. */
export function readNestedComponent(inputs: NestedInputs): NestedReading {
  const { document, phases, parameters } = inputs;
  const source = readSource(document, inputs['document-s3-bucket-owner'] ?? null);
  if (typeof source === 'string') return { ok: false, message: source };
  const names = phases?.split(',').map((name) => name.trim());
  if (names?.some((name) => name === '')) {
    return { ok: false, message: `phases must be names with commas between them, found ${JSON.stringify(phases)}` };
  }
  const given = new Map(parameters.map(({ name, value }) => [name, value] as const));
  return { ok: true, nested: { source, phases: names, given } };
}

function readSource(document: string, expectedBucketOwner: string | null): NestedSource | string {
  if (/^s3:\/\//i.test(document)) return { kind: 's3', url: document, expectedBucketOwner };
  if (!document.startsWith('arn:')) return { kind: 'path', path: document };
  try {
    return { kind: 'component', arn: parseArnOf(document, ['component'], ['wildcard', 'version', 'build']) };
  } catch (error) {
    if (!(error instanceof ImageBuilderArnError)) throw error;
    return error.message;
  }
}
