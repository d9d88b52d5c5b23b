import { lookup as lookUp } from 'node:dns';
import { open, realpath } from 'node:fs/promises';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { fileURLToPath } from 'node:url';
import { EgressError } from './egress-error.ts';
import type { EgressPolicy } from './egress-policy.ts';

export interface FetchOptions {
  /** More than this is refused while it comes. */
  readonly limitBytes: number;
  readonly timeoutSeconds: number;
  /** What `Last-Modified` said the last time. */
  readonly ifModifiedSince?: string | undefined;
}

export type Fetched =
  | { readonly status: 'fetched'; readonly body: Buffer; readonly lastModified: string | undefined }
  | { readonly status: 'not-modified' }
  /** 404 and 410, or no such file. */
  | { readonly status: 'missing' };

/** The one way in which this server fetches anything from elsewhere. */
export interface EgressClient {
  /** @throws EgressError */
  fetch(url: URL, options: FetchOptions): Promise<Fetched>;
}

const mostRedirects = 5;

/** A client that keeps to a policy: names are resolved once and the address that was checked is the one connected to. */
export function createEgressClient(policy: EgressPolicy): EgressClient {
  const lookup: LookupFunction = (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const allowed = addresses.filter(({ address }) => policy.mayConnect(address));
      const [first] = allowed;
      if (first === undefined) return callback(refusedAddress(hostname), '', 0);
      if (options.all === true) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
  return {
    async fetch(url, options) {
      const signal = AbortSignal.timeout(options.timeoutSeconds * 1000);
      try {
        if (url.protocol === 'file:') return await readLocal(url, options, policy);
        return await follow(url, options, { lookup, policy, signal });
      } catch (error) {
        if (error instanceof EgressError) throw error;
        if (signal.aborted) {
          const message = `${url.host} did not send all within ${options.timeoutSeconds} seconds.`;
          throw new EgressError('EGRESS_TIMEOUT', message, { cause: error });
        }
        const why = error instanceof Error ? error.message : String(error);
        throw new EgressError('EGRESS_UNREACHABLE', `${url.host} cannot be reached: ${why}.`, { cause: error });
      }
    },
  };
}

interface Connection {
  readonly lookup: LookupFunction;
  readonly policy: EgressPolicy;
  readonly signal: AbortSignal;
}

async function follow(start: URL, options: FetchOptions, connection: Connection): Promise<Fetched> {
  let url = start;
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    const response = await send(url, options, connection);
    const { statusCode = 0, headers } = response;
    if (statusCode === 200) {
      const body = await readBody(response, url, options.limitBytes);
      return { status: 'fetched', body, lastModified: headers['last-modified'] };
    }
    response.destroy();
    if (statusCode === 304) return { status: 'not-modified' };
    if (statusCode === 404 || statusCode === 410) return { status: 'missing' };
    if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) {
      throw new EgressError('EGRESS_STATUS', `${url.host} answered with status ${statusCode}.`);
    }
    const next = new URL(headers.location, url);
    // What began under TLS stays there, and nobody outside may send us to our own files.
    if (next.protocol !== 'https:' && next.protocol !== start.protocol) {
      throw new EgressError('EGRESS_REFUSED', `${url.host} leads to ${next.protocol}, where nothing is fetched.`);
    }
    url = next;
  }
  throw new EgressError('EGRESS_STATUS', `${start.host} leads on and on (more than ${mostRedirects} redirects).`);
}

async function send(url: URL, options: FetchOptions, { lookup, policy, signal }: Connection): Promise<IncomingMessage> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new EgressError('EGRESS_REFUSED', `Nothing is fetched by ${url.protocol}; use http, https or file.`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !policy.mayConnect(host)) throw refusedAddress(host);
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const { ifModifiedSince } = options;
  const headers = ifModifiedSince === undefined ? {} : { 'If-Modified-Since': ifModifiedSince };
  return await new Promise((resolve, reject) => {
    const sent = request(url, { lookup, signal, headers: { ...headers, 'User-Agent': 'Patchbay' }, agent: false });
    sent.once('response', resolve);
    sent.once('error', reject);
    sent.end();
  });
}

async function readBody(response: IncomingMessage, url: URL, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) {
      response.destroy();
      throw tooLarge(url.host, limitBytes);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Links are followed before the policy is asked. */
async function readLocal(url: URL, options: FetchOptions, policy: EgressPolicy): Promise<Fetched> {
  const given = fileURLToPath(url);
  if (!policy.mayRead(given)) throw refusedFile(given);
  const path = await realpath(given).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
  if (path === null) return { status: 'missing' };
  if (!policy.mayRead(path)) throw refusedFile(given);
  const file = await open(path, 'r');
  try {
    const status = await file.stat();
    if (!status.isFile()) return { status: 'missing' };
    const lastModified = status.mtime.toUTCString();
    if (lastModified === options.ifModifiedSince) return { status: 'not-modified' };
    if (status.size > options.limitBytes) throw tooLarge(path, options.limitBytes);
    return { status: 'fetched', body: await file.readFile(), lastModified };
  } finally {
    await file.close();
  }
}

function refusedAddress(host: string): EgressError {
  return new EgressError(
    'EGRESS_ADDRESS',
    `${host} is an address of this machine, of its link or of a metadata service; start the server with --egress-allow ADDRESS if it really serves packages.`,
  );
}

function refusedFile(path: string): EgressError {
  return new EgressError(
    'EGRESS_ADDRESS',
    `The file ${path} of the server is in no directory that it was started with (--egress-allow file:DIRECTORY).`,
  );
}

function tooLarge(what: string, limitBytes: number): EgressError {
  return new EgressError('EGRESS_TOO_LARGE', `${what} sends more than the ${limitBytes} bytes that are taken.`);
}
