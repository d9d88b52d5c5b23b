import { request as sendHttp } from 'node:http';
import { request as sendHttps } from 'node:https';
import { type Credentials, signRequest } from '@patchbay/aws-wire';

/** A request as it goes over the wire; nothing is added to its headers but what HTTP itself needs. */
export interface RawRequest {
  readonly method?: string;
  /** Path and query as they are, never normalised. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface RawAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Sends a request to a server as it is given. */
export async function sendRaw(url: string, request: RawRequest): Promise<RawAnswer> {
  const { hostname, port, protocol } = new URL(url);
  const send = protocol === 'https:' ? sendHttps : sendHttp;
  const body = Buffer.from(request.body ?? '');
  return await new Promise((resolve, reject) => {
    const outgoing = send({
      hostname,
      port,
      method: request.method ?? 'POST',
      path: request.path ?? '/',
      headers: {
        ...(request.headers?.['transfer-encoding'] ? {} : { 'content-length': String(body.byteLength) }),
        ...request.headers,
      },
      agent: false,
    });
    let isAnswered = false;
    outgoing.on('error', (error) => {
      // A server that refuses a large body answers before it has read all of it.
      if (!isAnswered) reject(error);
    });
    outgoing.on('response', (incoming) => {
      isAnswered = true;
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        resolve({
          statusCode: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    outgoing.end(body);
  });
}

export interface JsonCall {
  /** `AmazonSSM.DescribeActivations`. */
  readonly target: string;
  /** The signing name: `ssm`. */
  readonly service: string;
  readonly region: string;
  readonly credentials: Credentials;
  readonly now: Date;
  readonly body: string | Uint8Array;
}

/** The headers of a call in JSON 1.1, before it is signed. */
export function jsonHeadersFor(target: string): Record<string, string> {
  return { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
}

/** Signs and sends one call in JSON 1.1. */
export async function sendJsonCall(url: string, call: JsonCall): Promise<RawAnswer> {
  const body = Buffer.from(call.body);
  const headers = signRequest(
    { method: 'POST', url: new URL(url), headers: jsonHeadersFor(call.target), body },
    { credentials: call.credentials, region: call.region, service: call.service, now: call.now },
  );
  return await sendRaw(url, { headers, body });
}

/** An answer of a server that was not a success, with the code that AWS's clients read. */
export class RefusedCallError extends Error {
  readonly code: string;
  readonly statusCode: number;

  constructor(answer: RawAnswer) {
    const { code, message } = readError(answer);
    super(message || code);
    this.code = code;
    this.statusCode = answer.statusCode;
  }
}

/** The code and text of an error in JSON 1.1 or REST-JSON. */
export function readError(answer: RawAnswer): { readonly code: string; readonly message: string } {
  const { __type, message = '' } = JSON.parse(answer.text) as { __type?: string; message?: string };
  return { code: __type ?? String(answer.headers['x-amzn-errortype'] ?? ''), message };
}

/** The body of a success; throws `RefusedCallError` for anything else. */
export function readSuccess(answer: RawAnswer): unknown {
  if (answer.statusCode !== 200) throw new RefusedCallError(answer);
  return JSON.parse(answer.text);
}
