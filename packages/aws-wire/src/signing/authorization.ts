import { canonicalHeaders, parseQuery, type SignableRequest, sha256Hex, splitRawUrl } from './canonical-request.ts';
import { formatRequestDate, parseDateHeader, parseRequestDate } from './request-date.ts';
import { SigningError } from './signing-error.ts';
import type { SigningScope } from './signing-key.ts';

/** What a request claims about its sender; nothing of it is proven yet. */
export interface Authorization extends SigningScope {
  readonly form: 'header' | 'query';
  readonly accessKeyId: string;
  readonly sessionToken: string | undefined;
  /** Lower-case, strictly ascending. */
  readonly signedHeaders: readonly string[];
  /** Hex for an HMAC, base64 for the RSA-PSS form of managed instances. */
  readonly signature: string;
  readonly requestDate: Date;
  /** Only in the query form. */
  readonly expiresSeconds: number | undefined;
}

const algorithm = 'AWS4-HMAC-SHA256';
const longestExpirySeconds = 604_800;

/**
 * Reads the Authorization header or the presigned query of a request, so that a pipeline knows service, region and key
 * before it verifies anything. Undefined when the request carries neither; throws SigningError (INCOMPLETE_SIGNATURE,
 * WRONG_SCOPE) when what it carries is malformed.
 */
export function parseAuthorization(request: SignableRequest): Authorization | undefined {
  const headers = canonicalHeaders(request.headers);
  const header = headers.get('authorization');
  const query = new Map<string, string>();
  for (const [name, value] of parseQuery(splitRawUrl(request.rawUrl).query)) {
    if (!/^X-Amz-(?:Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Security-Token)$/.test(name)) continue;
    if (query.has(name)) throw incomplete(`The query parameter '${name}' occurs more than once.`);
    query.set(name, value);
  }
  const isPresigned = query.has('X-Amz-Algorithm') || query.has('X-Amz-Signature');
  if (header !== undefined && isPresigned) {
    throw incomplete("Only one of the Authorization header and the 'X-Amz-Algorithm' query parameter is allowed.");
  }
  if (isPresigned) return parsePresignedQuery(query, headers);
  return header === undefined ? undefined : parseAuthorizationHeader(header, headers);
}

function parseAuthorizationHeader(header: string, headers: ReadonlyMap<string, string>): Authorization {
  const [scheme = '', ...rest] = header.split(' ');
  if (scheme !== algorithm) throw incomplete(`Unsupported AWS 'algorithm': '${scheme}', expected '${algorithm}'.`);
  const fields = new Map<string, string>();
  for (const field of rest.join(' ').split(',')) {
    const text = field.replaceAll(/^ | $/g, '');
    const equals = text.indexOf('=');
    if (equals === -1) {
      throw incomplete(
        `'${text}' not a valid key=value pair (missing equal-sign) in Authorization header: '${withoutSignature(header)}'.`,
      );
    }
    const name = text.slice(0, equals);
    if (fields.has(name)) throw incomplete(`Authorization header holds '${name}' more than once.`);
    fields.set(name, text.slice(equals + 1));
  }
  const [credential, signature, signedHeaders] = [
    fields.get('Credential'),
    fields.get('Signature'),
    fields.get('SignedHeaders'),
  ];
  const missing = [
    credential === undefined ? "Authorization header requires 'Credential' parameter." : undefined,
    signature === undefined ? "Authorization header requires 'Signature' parameter." : undefined,
    signedHeaders === undefined ? "Authorization header requires 'SignedHeaders' parameter." : undefined,
    headers.has('x-amz-date') || headers.has('date')
      ? undefined
      : "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
  ].filter((text) => text !== undefined);
  if (missing.length > 0 || credential === undefined || signature === undefined || signedHeaders === undefined) {
    throw incomplete(`${missing.join(' ')} Authorization=${withoutSignature(header)}`);
  }
  const names = parseSignedHeaders(signedHeaders);
  return {
    form: 'header',
    ...parseCredential(credential),
    sessionToken: headers.get('x-amz-security-token'),
    signedHeaders: names,
    signature,
    requestDate: headerDate(headers, names),
    expiresSeconds: undefined,
  };
}

function parsePresignedQuery(query: ReadonlyMap<string, string>, headers: ReadonlyMap<string, string>): Authorization {
  const used = query.get('X-Amz-Algorithm');
  if (used !== algorithm) throw incomplete(`Unsupported AWS 'algorithm': '${used ?? ''}', expected '${algorithm}'.`);
  const required = (name: string): string => {
    const value = query.get(name);
    if (value === undefined || value === '') throw incomplete(`AWS query-string parameters must include '${name}'.`);
    return value;
  };
  const requestDate = parseRequestDate(required('X-Amz-Date'));
  if (requestDate === undefined) throw invalidDate(required('X-Amz-Date'));
  const expires = required('X-Amz-Expires');
  const expiresSeconds = /^\d{1,7}$/.test(expires) ? Number(expires) : Number.NaN;
  if (!(expiresSeconds >= 1 && expiresSeconds <= longestExpirySeconds)) {
    throw incomplete(`X-Amz-Expires must be a number of seconds from 1 to ${longestExpirySeconds}, got '${expires}'.`);
  }
  return {
    form: 'query',
    ...parseCredential(required('X-Amz-Credential')),
    sessionToken: query.get('X-Amz-Security-Token') ?? headers.get('x-amz-security-token'),
    signedHeaders: parseSignedHeaders(required('X-Amz-SignedHeaders')),
    signature: required('X-Amz-Signature'),
    requestDate,
    expiresSeconds,
  };
}

function parseCredential(credential: string): SigningScope & { readonly accessKeyId: string } {
  const [accessKeyId = '', date = '', region = '', service = '', terminator, ...more] = credential.split('/');
  if (terminator === undefined || more.length > 0) {
    throw incomplete(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
    );
  }
  if (accessKeyId === '') throw incomplete('Credential holds no access key id, e.g. keyid/date/region/service/term.');
  if (terminator !== 'aws4_request') {
    throw new SigningError(
      'WRONG_SCOPE',
      `Credential should be scoped with a valid terminator: 'aws4_request', not '${terminator}'.`,
    );
  }
  return { accessKeyId, date, region, service };
}

function parseSignedHeaders(text: string): string[] {
  const names = text.split(';');
  // One spelling only: AWS's signers emit the names in lower case, sorted and without repetition.
  const isCanonical = names.every(
    (name, index) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) && (index === 0 || (names[index - 1] ?? '') < name),
  );
  if (!isCanonical) {
    throw incomplete(`SignedHeaders must be lower-case header names, sorted and separated by ';', got '${text}'.`);
  }
  return names;
}

function headerDate(headers: ReadonlyMap<string, string>, signedHeaders: readonly string[]): Date {
  const amzDate = headers.get('x-amz-date');
  if (amzDate !== undefined) {
    const instant = parseRequestDate(amzDate);
    if (instant === undefined) throw invalidDate(amzDate);
    return instant;
  }
  const date = headers.get('date') ?? '';
  const instant = parseDateHeader(date);
  if (instant === undefined) throw invalidDate(date);
  // An unsigned Date could be rewritten to revive an old request.
  if (!signedHeaders.includes('date')) {
    throw incomplete("Without a 'X-Amz-Date' header the 'Date' header must be among the SignedHeaders.");
  }
  return instant;
}

function invalidDate(text: string): SigningError {
  return incomplete(
    `Date must be in ISO-8601 'basic format'. Got '${text}'. See http://en.wikipedia.org/wiki/ISO_8601, e.g. ${formatRequestDate(new Date(0))}`,
  );
}

function incomplete(message: string): SigningError {
  return new SigningError('INCOMPLETE_SIGNATURE', message);
}

/** AWS echoes the header; ours shows a hash in place of the signature, so that logs of errors replay nothing. */
function withoutSignature(header: string): string {
  return header.replace(/Signature=[^,\s]*/, (signature) => `Signature=(sha256 ${sha256Hex(signature).slice(0, 16)})`);
}
