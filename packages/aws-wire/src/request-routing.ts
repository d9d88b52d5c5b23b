import { decodeQueryRequest } from './query/query-request.ts';
import { parseAuthorization } from './signing/authorization.ts';
import { canonicalHeaders, type SignableRequest } from './signing/canonical-request.ts';
import { SigningError } from './signing/signing-error.ts';

/** Which operation a request asks for, before anything about it is proven. */
export type RoutedRequest =
  | {
      readonly protocol: 'json11';
      readonly jsonVersion: '1.0' | '1.1';
      /** `AmazonSSM`, `EC2WindowsMessageDeliveryService`. */
      readonly targetPrefix: string;
      readonly operation: string;
    }
  | {
      readonly protocol: 'query';
      /** From the credential scope; undefined for an anonymous call. */
      readonly service: string | undefined;
      readonly action: string;
      readonly version: string;
      readonly parameters: ReadonlyMap<string, string>;
    }
  /** By nothing but its path, if that: in REST-JSON it says which operation, see `findRestOperation`. */
  | { readonly protocol: 'unknown'; readonly service: string | undefined };

/**
 * Routes by X-Amz-Target, else by the service in the credential scope together with the form parameters Action and
 * Version; never by Host, which says nothing behind a custom endpoint. Never throws: what is malformed is `unknown`, and
 * the signature check will say why.
 */
export function routeRequest(request: SignableRequest): RoutedRequest {
  const headers = canonicalHeaders(request.headers);
  const target = headers.get('x-amz-target');
  if (target !== undefined) {
    const match = /^([A-Za-z0-9_]+)\.([A-Za-z0-9]+)$/.exec(target);
    if (match === null) return { protocol: 'unknown', service: scopeService(request) };
    const jsonVersion = headers.get('content-type')?.startsWith('application/x-amz-json-1.0') === true ? '1.0' : '1.1';
    return { protocol: 'json11', jsonVersion, targetPrefix: match[1] ?? '', operation: match[2] ?? '' };
  }
  const service = scopeService(request);
  const form = unlessMalformed(() => decodeQueryRequest(request));
  return form === undefined ? { protocol: 'unknown', service } : { protocol: 'query', service, ...form };
}

function scopeService(request: SignableRequest): string | undefined {
  return unlessMalformed(() => parseAuthorization(request)?.service);
}

function unlessMalformed<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SigningError) return undefined;
    throw error;
  }
}
