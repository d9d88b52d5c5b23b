import { type Credentials, type HttpBinding, type StructureShape, signRequest } from '@patchbay/aws-wire';
import type { z } from 'zod';
import { type RawAnswer, type RawRequest, sendRaw } from './send-request.ts';

/** A call in REST-JSON before it is signed. */
export interface PathCall extends RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Puts the members of an input, by their wire names, where the operation takes them: path, query, body. */
export function pathCallOf(
  operation: { readonly http?: HttpBinding | undefined; readonly input: StructureShape | z.ZodType },
  input: object,
): PathCall {
  const { http, input: shape } = operation;
  if (http === undefined || !('members' in shape)) throw new Error('This operation is not called by a path');
  const rest = new Map<string, unknown>(Object.entries(input));
  let { path } = http;
  const query: string[] = [];
  for (const { wireName, httpLocation } of shape.members) {
    if (httpLocation === undefined) continue;
    const values = [rest.get(wireName) ?? []].flat().map((value) => encodeURIComponent(textOf(value)));
    rest.delete(wireName);
    // A label that nobody gives is one that is not empty all the same, or the path would be none of this operation.
    if (httpLocation.in === 'path') path = path.replace(`{${wireName}}`, () => values[0] || 'x');
    else query.push(...values.map((value) => `${httpLocation.name}=${value}`));
  }
  const body = rest.size === 0 ? '' : JSON.stringify(Object.fromEntries(rest));
  return {
    method: http.method,
    path: query.length === 0 ? path : `${path}?${query.join('&')}`,
    headers: body === '' ? {} : { 'content-type': 'application/json' },
    body,
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.toWellFormed() : (JSON.stringify(value) ?? '');
}

/** Signs and sends one call in REST-JSON. */
export async function sendPathCall(
  url: string,
  call: PathCall & {
    readonly service: string;
    readonly region: string;
    readonly credentials: Credentials;
    readonly now: Date;
  },
): Promise<RawAnswer> {
  const { method, path, body } = call;
  const headers = signRequest(
    { method, url: new URL(path, url), headers: call.headers, body: Buffer.from(body) },
    { credentials: call.credentials, region: call.region, service: call.service, now: call.now },
  );
  return await sendRaw(url, { method, path, headers, body });
}
