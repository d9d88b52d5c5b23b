import type { HttpBinding } from '../shape.ts';
import { splitRawUrl } from '../signing/canonical-request.ts';
import { SigningError } from '../signing/signing-error.ts';

/** What of a request says which operation it asks for. */
export interface RestTarget {
  readonly method: string;
  /** Path and query exactly as received: in a label `/` is `%2F`, so that decoding first would tear ARNs apart. */
  readonly rawUrl: string;
}

/** The operation whose method and path template a request fits; undefined where there is none. */
export function findRestOperation<Operation extends { readonly http?: HttpBinding | undefined }>(
  operations: Iterable<Operation>,
  target: RestTarget,
): Operation | undefined {
  const path = rawPathOf(target);
  if (path === undefined) return undefined;
  for (const operation of operations) {
    const { http } = operation;
    if (http?.method === target.method && matchPath(http.path, path) !== undefined) return operation;
  }
  return undefined;
}

/** The labels of a raw path by their names, still encoded; undefined where the path does not fit the template. */
export function matchPath(template: string, rawPath: string): ReadonlyMap<string, string> | undefined {
  const wanted = template.split('/');
  const given = rawPath.split('/');
  if (wanted.length !== given.length) return undefined;
  const labels = new Map<string, string>();
  for (const [index, segment] of given.entries()) {
    const pattern = wanted[index] ?? '';
    if (!pattern.startsWith('{')) {
      if (segment !== pattern) return undefined;
    } else if (segment === '') return undefined;
    else labels.set(pattern.slice(1, -1), segment);
  }
  return labels;
}

function rawPathOf({ rawUrl }: RestTarget): string | undefined {
  try {
    return splitRawUrl(rawUrl).path;
  } catch (error) {
    if (error instanceof SigningError) return undefined;
    throw error;
  }
}
