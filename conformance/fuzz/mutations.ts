import * as fc from 'fast-check';
import { oddText } from './odd-values.ts';

/** A request as it is about to become bytes. */
export interface OutgoingBytes {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** Something wrong to do to a signed request. */
export interface Mutation {
  /** In words, for the report. */
  readonly what: string;
  readonly apply: (request: OutgoingBytes) => Buffer;
}

/** Latin-1 for the head, so that any byte can stand in it. */
export function toBytes({ method, path, headers, body }: OutgoingBytes): Buffer {
  const lines = [`${method} ${path} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`), '', ''];
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), body]);
}

function onRequest(what: string, change: (request: OutgoingBytes) => Partial<OutgoingBytes>): Mutation {
  return { what, apply: (request) => toBytes({ ...request, ...change(request) }) };
}

const headerNames = [
  'authorization',
  'x-amz-date',
  'x-amz-target',
  'x-amz-security-token',
  'x-amz-content-sha256',
  'content-type',
  'content-length',
  'host',
  'transfer-encoding',
  'expect',
  'date',
] as const;
const headerName = fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...headerNames) }, oddText);

const headerValue = fc.oneof(
  oddText,
  fc.constantFrom(
    'AWS4-HMAC-SHA256',
    'AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=, Signature=',
    'AWS4-HMAC-SHA256 Credential=AKIA/20261122/us-east-1/ssm/aws4_request, SignedHeaders=host;host, Signature=zz',
    'AWS4-HMAC-SHA256 Credential=__proto__/20261122/us-east-1/ssm/aws4_request, SignedHeaders=host, Signature=00',
    'Basic YTpi',
    'Authorization: SSM-RoleToken',
    'AmazonSSM.__proto__',
    'AmazonSSM.constructor',
    'constructor.DescribePatchBaselines',
    'Patchbay.',
    '.GetMessages',
    'AmazonSSM.CreateOpsItem',
    'application/x-amz-json-1.0',
    'application/x-www-form-urlencoded',
    'application/json; charset=utf-16',
    'multipart/form-data; boundary=',
    'text/xml',
    '20261122T000000Z',
    '20269999T999999Z',
    'UNSIGNED-PAYLOAD',
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'chunked',
    'gzip, chunked',
    '100-continue',
    '-1',
    '99999999999999999999',
    'x'.repeat(9_000),
    'x'.repeat(70_000),
  ),
);

const methods = [
  'GET',
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'CONNECT',
  'post',
  'BREW',
  '',
] as const;
const paths = [
  '//',
  '/..%2f..%2fetc/passwd',
  '/%',
  '/%zz',
  '/%00',
  '/%ff',
  '/a b',
  '*',
  '',
  'http://elsewhere.test/',
  '/?',
  '/?a=%zz',
  '/?Action=GetCallerIdentity&Version=2011-06-15',
  '/?Action=GetCallerIdentity&Action=constructor&Version=2011-06-15',
  '/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2Fb%2Fc%2Fd%2Faws4_request&X-Amz-Date=1&X-Amz-Expires=x&X-Amz-SignedHeaders=host&X-Amz-Signature=0',
  '/__proto__',
  '/constructor?__proto__[x]=1',
  '/healthz/../..',
  '/metrics%2f?x=%',
  '/readyz%00',
  '/tags/%2e%2e%2fx',
  '/tags//',
  '/CreateComponent?__proto__=1',
  `/${'a'.repeat(9_000)}`,
  `/${'%41'.repeat(30_000)}`,
  '/\u00ff\u0001',
] as const;

const queryBodies = [
  'Action=GetCallerIdentity&Version=2011-06-15',
  'Action=GetCallerIdentity&Version=2011-06-16',
  'Action=__proto__&Version=2011-06-15',
  'Action=&Version=',
  'Action',
  '%zz=%zz',
  'Action=%00&Version=2011-06-15',
  'Action=GetCallerIdentity&Version=2011-06-15&__proto__.x=1&Tags.member.1=%ed%a0%80',
  'Action=<script>&Version=]]>',
  '&&&&===',
  `Action=${'A'.repeat(100_000)}&Version=2011-06-15`,
] as const;

/** With a length that fits the body again, without a target: the query protocol of STS. */
function asQuery(text: string, keepsTarget: boolean): Mutation {
  return onRequest(`a query request ${JSON.stringify(text.slice(0, 80))}`, ({ headers }) => {
    const body = Buffer.from(text);
    const dropped = new Set(['content-length', 'content-type', ...(keepsTarget ? [] : ['x-amz-target'])]);
    return {
      body,
      headers: [
        ...headers.filter(([name]) => !dropped.has(name)),
        ['content-type', 'application/x-www-form-urlencoded; charset=utf-8'],
        ['content-length', String(body.byteLength)],
      ],
    };
  });
}

function flipped(bytes: Buffer, at: number, mask: number): Buffer {
  const copy = Buffer.from(bytes);
  const index = copy.byteLength === 0 ? 0 : Math.floor(at * copy.byteLength);
  copy[index] = (copy[index] ?? 0) ^ mask;
  return copy;
}

const portion = fc.double({ min: 0, max: 0.999, noNaN: true });
const mask = fc.integer({ min: 1, max: 255 });

const usualMutations: fc.Arbitrary<Mutation> = fc.oneof(
  fc.constantFrom(...methods).map((method) => onRequest(`the method ${JSON.stringify(method)}`, () => ({ method }))),
  fc.constantFrom(...paths).map((path) => onRequest(`the path ${path.slice(0, 80)}`, () => ({ path }))),
  fc
    .constantFrom(...headerNames)
    .map((dropped) =>
      onRequest(`no header ${dropped}`, ({ headers }) => ({ headers: headers.filter(([name]) => name !== dropped) })),
    ),
  fc.record({ name: headerName, value: headerValue }).map(({ name, value }) =>
    onRequest(`the header ${name} ${JSON.stringify(value.slice(0, 80))}`, ({ headers }) => ({
      headers: [...headers.filter(([other]) => other !== name), [name, value]],
    })),
  ),
  fc.record({ name: headerName, value: headerValue }).map(({ name, value }) =>
    onRequest(`a second header ${name} ${JSON.stringify(value.slice(0, 80))}`, ({ headers }) => ({
      headers: [...headers, [name, value]],
    })),
  ),
  fc.constantFrom(...headerNames).map((name) =>
    onRequest(`the header ${name} twice`, ({ headers }) => ({
      headers: [...headers, ...headers.filter(([other]) => other === name)],
    })),
  ),
  fc.record({ at: portion, mask, isInHead: fc.boolean() }).map(({ at, mask, isInHead }) => ({
    what: `a bit of the ${isInHead ? 'request' : 'body'} flipped at ${at}`,
    apply: (request: OutgoingBytes) =>
      isInHead ? flipped(toBytes(request), at, mask) : toBytes({ ...request, body: flipped(request.body, at, mask) }),
  })),
  portion.map((at) => ({
    what: `cut off at ${at}`,
    apply: (request: OutgoingBytes) => {
      const bytes = toBytes(request);
      return bytes.subarray(0, Math.floor(at * bytes.byteLength));
    },
  })),
  fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => ({
    what: `the bytes ${Buffer.from(bytes).toString('hex').slice(0, 80)}`,
    apply: () => Buffer.from(bytes),
  })),
  fc
    .record({ text: fc.constantFrom(...queryBodies), keepsTarget: fc.boolean() })
    .map(({ text, keepsTarget }) => asQuery(text, keepsTarget)),
  fc
    .constantFrom('5\r\nhello\r\n0\r\n\r\n', '0\r\n\r\n', 'zz\r\n', 'ffffffffffffffff\r\na', '3;x=\r\nabc\r\n')
    .map((chunks) =>
      onRequest(`the chunks ${JSON.stringify(chunks)}`, ({ headers }) => ({
        headers: [...headers.filter(([name]) => name !== 'content-length'), ['transfer-encoding', 'chunked']],
        body: Buffer.from(chunks),
      })),
    ),
  fc.constant({
    what: 'the request twice on one connection',
    apply: (request: OutgoingBytes) => {
      const headers = request.headers.filter(([name]) => name !== 'connection');
      return Buffer.concat([toBytes({ ...request, headers }), toBytes(request)]);
    },
  }),
);

const mebibyte = 1024 * 1024;

/** Bodies about as large as the server reads, and larger: a text, and lists in lists. */
const hugeBodies: fc.Arbitrary<Mutation> = fc
  .record({ mebibytes: fc.constantFrom(1, 7, 9, 20), isNested: fc.boolean() })
  .map(({ mebibytes, isNested }) =>
    onRequest(`${mebibytes} MiB of ${isNested ? 'lists' : 'text'}`, ({ headers }) => {
      const half = (mebibytes * mebibyte) / 2;
      const body = Buffer.from(
        isNested ? '['.repeat(half) + ']'.repeat(half) : `{"Name":"${'a'.repeat(mebibytes * mebibyte)}"}`,
      );
      return {
        body,
        headers: headers.map(([name, value]) => [name, name === 'content-length' ? String(body.byteLength) : value]),
      };
    }),
  );

export const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 200, arbitrary: usualMutations },
  { weight: 1, arbitrary: hugeBodies },
);
