import { createHmac } from 'node:crypto';
import { canonicalRequest, type SignableRequest, stringToSign } from './canonical-request.ts';
import { formatRequestDate } from './request-date.ts';
import { deriveSigningKey, type SigningScope, scopeText } from './signing-key.ts';

/** A request that its sender is about to sign. Header names may be in any case. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface SignRequestOptions {
  readonly credentials: Credentials;
  readonly region: string;
  readonly service: string;
  readonly now: Date;
}

/**
 * Signs with SigV4 and returns all headers to send: the given ones in lower case, with host, x-amz-date,
 * x-amz-security-token and authorization. Signs host, content-type and every x-amz-* header, as botocore does.
 */
export function signRequest(request: OutgoingRequest, options: SignRequestOptions): Record<string, string> {
  const { credentials, now } = options;
  const prepared = prepareForSigning(
    request,
    options,
    credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken },
  );
  const signingKey = deriveSigningKey(credentials.secretAccessKey, prepared.scope);
  const signature = createHmac('sha256', signingKey)
    .update(stringToSign(formatRequestDate(now), scopeText(prepared.scope), prepared.canonical))
    .digest('hex');
  return {
    ...prepared.headers,
    authorization: authorizationHeader(credentials.accessKeyId, prepared, signature),
  };
}

/** A request with its date, its host and its canonical form: what every way of signing starts from. */
export interface PreparedRequest {
  readonly headers: Record<string, string>;
  readonly signedHeaders: readonly string[];
  readonly scope: SigningScope;
  readonly canonical: string;
}

/** Adds host, x-amz-date and the extra headers, then builds the canonical request. */
export function prepareForSigning(
  request: OutgoingRequest,
  options: Pick<SignRequestOptions, 'region' | 'service' | 'now'>,
  extraHeaders: Readonly<Record<string, string>>,
): PreparedRequest {
  const requestDate = formatRequestDate(options.now);
  const headers: Record<string, string> = {
    ...Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value])),
    // URL.host leaves out the default port, exactly as HTTP clients do in the Host header.
    host: request.url.host,
    'x-amz-date': requestDate,
    ...extraHeaders,
  };
  const signedHeaders = Object.keys(headers)
    .filter((name) => name === 'host' || name === 'content-type' || name.startsWith('x-amz-'))
    .sort();
  const signable: SignableRequest = {
    method: request.method,
    rawUrl: `${request.url.pathname}${request.url.search}`,
    headers: Object.entries(headers),
    body: request.body,
  };
  return {
    headers,
    signedHeaders,
    scope: { date: requestDate.slice(0, 8), region: options.region, service: options.service },
    canonical: canonicalRequest(signable, signedHeaders),
  };
}

/** The value of the Authorization header. */
export function authorizationHeader(
  accessKeyId: string,
  prepared: Pick<PreparedRequest, 'scope' | 'signedHeaders'>,
  signature: string,
): string {
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scopeText(prepared.scope)}, SignedHeaders=${prepared.signedHeaders.join(';')}, Signature=${signature}`;
}
