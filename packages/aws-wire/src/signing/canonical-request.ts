import { createHash } from 'node:crypto';
import { SigningError } from './signing-error.ts';

/** A request as it is on the wire: nothing decoded, nothing normalised. */
export interface SignableRequest {
  readonly method: string;
  /** Path and query exactly as received, for instance `/tags/arn%3Aaws?x=1`. */
  readonly rawUrl: string;
  /** Name and value of every header in the order received; a name may occur more than once. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** Pairs up Node's `IncomingMessage.rawHeaders`. */
export function headersFromRaw(rawHeaders: readonly string[]): [name: string, value: string][] {
  const headers: [string, string][] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']);
  }
  return headers;
}

/** Lower-case name to canonical value: ends trimmed, inner runs of spaces folded, repeated headers joined by a comma. */
export function canonicalHeaders(headers: SignableRequest['headers']): Map<string, string> {
  const canonical = new Map<string, string>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    // Only space and tab are white space in HTTP; trim() would also take a no-break space for one.
    const folded = value.replaceAll(/[ \t]+/g, ' ').replaceAll(/^ | $/g, '');
    const earlier = canonical.get(key);
    canonical.set(key, earlier === undefined ? folded : `${earlier},${folded}`);
  }
  return canonical;
}

/** Percent-encodes everything but A-Z a-z 0-9 - _ . ~, which is stricter than encodeURIComponent. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Splits path and query; drops scheme and authority of the absolute form that proxies may send. Throws SigningError for
 * a target of any other form, which normalising could make equal to an honest one.
 */
export function splitRawUrl(rawUrl: string): { readonly path: string; readonly query: string } {
  const relative = rawUrl.replace(/^https?:\/\/[^/?#]+(?=$|[/?])\/?/i, '/');
  if (!relative.startsWith('/')) {
    throw new SigningError('INCOMPLETE_SIGNATURE', "The request target must be a path that begins with '/'.");
  }
  const mark = relative.indexOf('?');
  return mark === -1
    ? { path: relative, query: '' }
    : { path: relative.slice(0, mark), query: relative.slice(mark + 1) };
}

/**
 * The path normalised and encoded once more: `%3A` on the wire becomes `%253A`, as every service but S3 does.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function canonicalPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(encodeStrictly(segment));
  }
  return `/${segments.join('/')}${path.endsWith('/') && segments.length > 0 ? '/' : ''}`;
}

/** The decoded name and value pairs of a query; an escape that is not UTF-8 is refused, because it has no one form. */
export function parseQuery(query: string): [name: string, value: string][] {
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=');
      const name = equals === -1 ? part : part.slice(0, equals);
      return [decodeEscapes(name), equals === -1 ? '' : decodeEscapes(part.slice(equals + 1))];
    });
}

function decodeEscapes(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new SigningError('INCOMPLETE_SIGNATURE', 'The query string holds an invalid percent escape.', { cause });
  }
}

/** Encoded strictly, sorted by name and then by value; `X-Amz-Signature` never takes part. */
export function canonicalQuery(query: string): string {
  return parseQuery(query)
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encodeStrictly(name), encodeStrictly(value)] as const)
    .sort(([leftName, leftValue], [rightName, rightValue]) =>
      leftName === rightName ? compareTexts(leftValue, rightValue) : compareTexts(leftName, rightName),
    )
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Lower-case hex SHA-256. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The canonical request over exactly the given header names, in the order given. */
export function canonicalRequest(
  request: SignableRequest,
  signedHeaders: readonly string[],
  payloadHash: string = sha256Hex(request.body),
): string {
  const { path, query } = splitRawUrl(request.rawUrl);
  const headers = canonicalHeaders(request.headers);
  const lines = signedHeaders.map((name) => `${name}:${headers.get(name) ?? ''}\n`);
  return [
    request.method,
    canonicalPath(path),
    canonicalQuery(query),
    lines.join(''),
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
}

/** The text that is signed. `requestDate` is the ISO basic form, `scope` is `date/region/service/aws4_request`. */
export function stringToSign(requestDate: string, scope: string, canonical: string): string {
  return ['AWS4-HMAC-SHA256', requestDate, scope, sha256Hex(canonical)].join('\n');
}
