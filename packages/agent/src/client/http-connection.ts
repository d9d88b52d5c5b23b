import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { AgentError } from '../agent-error.ts';
import { UnreachableError } from './call-errors.ts';
import { readProxyVariables } from './proxy-variables.ts';

export interface HttpAnswer {
  readonly statusCode: number;
  /** Of the `Date` header; null where there is none. */
  readonly serverDate: Date | null;
  readonly body: string;
}

export interface HttpConnection {
  readonly url: URL;
  /** @throws UnreachableError */
  post(
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    limits: { readonly timeoutSeconds: number; readonly signal?: AbortSignal | undefined },
  ): Promise<HttpAnswer>;
  /**
   * Fetches a file and answers the status code; `take` gets the bytes of a 200 as they come.
   *
   * @throws UnreachableError
   */
  get(
    path: string,
    limits: { readonly timeoutSeconds: number; readonly mostBytes: number },
    take: (chunk: Buffer) => void,
  ): Promise<number>;
  close(): void;
}

const mostAnswerBytes = 16 * 1024 * 1024;
/** Errors before a connection stands: the server cannot have seen the request. */
const connectErrors = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/**
 * Connections that are kept open between requests, through the proxy that HTTPS_PROXY and NO_PROXY name.
 *
 * @param caCertificate the only authority (PEM) that may vouch for the server; null: those that Node trusts
 * @throws AgentError ENDPOINT_INVALID
 */
export function openHttpConnection(
  endpoint: string,
  caCertificate: string | null = null,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): HttpConnection {
  const url = checkEndpoint(endpoint);
  const isSecure = url.protocol === 'https:';
  const agent = isSecure
    ? new SecureAgent({
        keepAlive: true,
        ...(caCertificate === null ? {} : { ca: caCertificate }),
        ...proxyOptions(url, environment),
      })
    : new PlainAgent({ keepAlive: true });
  const open = isSecure ? secureRequest : plainRequest;
  return {
    url,
    close: () => agent.destroy(),
    get: (path, { timeoutSeconds, mostBytes }, take) =>
      new Promise((resolve, reject) => {
        const signal = AbortSignal.timeout(timeoutSeconds * 1000);
        const fail = (error: Error) => reject(translateError(error, url, signal, undefined));
        const request = open(new URL(path, url), { agent, signal }, (response) => {
          const { statusCode = 0 } = response;
          let size = 0;
          response.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size > mostBytes) response.destroy(new Error(`the answer exceeds ${mostBytes} bytes`));
            else if (statusCode === 200) take(chunk);
          });
          response.on('error', fail);
          response.on('end', () => resolve(statusCode));
        });
        request.on('error', fail);
        request.end();
      }),
    post: (headers, body, { timeoutSeconds, signal }) =>
      new Promise((resolve, reject) => {
        const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
        const fail = (error: Error) => reject(translateError(error, url, timeout, signal));
        const request = open(
          url,
          {
            method: 'POST',
            agent,
            headers: { ...headers, 'content-length': String(body.byteLength) },
            signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
          },
          (response) => {
            const chunks: Buffer[] = [];
            let size = 0;
            response.on('data', (chunk: Buffer) => {
              size += chunk.length;
              if (size > mostAnswerBytes) response.destroy(new Error(`the answer exceeds ${mostAnswerBytes} bytes`));
              chunks.push(chunk);
            });
            response.on('error', fail);
            response.on('end', () =>
              resolve({
                statusCode: response.statusCode ?? 0,
                serverDate: parseDate(response.headers.date),
                body: Buffer.concat(chunks).toString('utf8'),
              }),
            );
          },
        );
        request.on('error', fail);
        request.end(body);
      }),
  };
}

/** Credentials and commands never travel in the clear between machines; on one machine they may. */
export function checkEndpoint(endpoint: string): URL {
  const url = URL.parse(endpoint);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new AgentError(
      'ENDPOINT_INVALID',
      `${endpoint} is not the address of a control plane, for instance https://patchbay.example:8480`,
    );
  }
  if (url.protocol === 'http:' && !isLoopback(url)) {
    throw new AgentError('ENDPOINT_INVALID', `${endpoint} is not on this machine, so it must be https`);
  }
  return new URL('/', url);
}

function isLoopback({ hostname }: URL): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

/** For an https agent: the proxy that the environment names, which is on the way to other machines only. */
export function proxyOptions(url: URL, environment: Readonly<Record<string, string | undefined>>) {
  if (isLoopback(url)) return {};
  const { https_proxy: HTTPS_PROXY, no_proxy: NO_PROXY } = readProxyVariables(environment);
  return { proxyEnv: { HTTPS_PROXY, NO_PROXY } };
}

function translateError(error: Error, url: URL, timeout: AbortSignal, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return new UnreachableError('ABORTED', 'The request was given up', { cause: error });
  const where = url.origin;
  if (timeout.aborted) return new UnreachableError('NO_ANSWER', `${where} did not answer in time`, { cause: error });
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const kind = connectErrors.has(code) ? 'NOT_CONNECTED' : 'NO_ANSWER';
  return new UnreachableError(kind, `${where} cannot be reached: ${error.message || code}`, { cause: error });
}

function parseDate(header: string | undefined): Date | null {
  const date = new Date(header ?? '');
  return Number.isNaN(date.getTime()) ? null : date;
}
