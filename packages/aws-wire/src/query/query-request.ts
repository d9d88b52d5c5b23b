import { canonicalHeaders, type SignableRequest, splitRawUrl } from '../signing/canonical-request.ts';

/** A call in the AWS query protocol: which action, and its parameters with their flat names (`Tags.member.1.Key`). */
export interface QueryRequest {
  readonly action: string;
  readonly version: string;
  /** Without Action, Version and the X-Amz-* of a presigned request. */
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * Reads a form body (POST) or the query string (GET, also presigned). Undefined when the request is neither or names no
 * Action. A repeated parameter makes the request ambiguous, and it is refused the same way.
 */
export function decodeQueryRequest(request: SignableRequest): QueryRequest | undefined {
  const parameters = new Map<string, string>();
  const form = readForm(request);
  if (form === undefined) return undefined;
  for (const [name, value] of form) {
    if (parameters.has(name)) return undefined;
    if (!/^X-Amz-/i.test(name)) parameters.set(name, value);
  }
  const action = parameters.get('Action');
  if (action === undefined || action === '') return undefined;
  const version = parameters.get('Version') ?? '';
  parameters.delete('Action');
  parameters.delete('Version');
  return { action, version, parameters };
}

function readForm(request: SignableRequest): URLSearchParams | undefined {
  if (request.method === 'GET') return new URLSearchParams(splitRawUrl(request.rawUrl).query);
  const contentType = canonicalHeaders(request.headers).get('content-type') ?? '';
  if (request.method !== 'POST' || !/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(contentType))
    return undefined;
  return new URLSearchParams(Buffer.from(request.body).toString());
}
