import { request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { proxyOptions } from '../client/index.ts';
import { ContentError } from './content-error.ts';

export interface ContentRequest {
  readonly url: URL;
  /** Of HTTP's basic authentication; sent to the host of the address only, never to where it redirects. */
  readonly credentials: { readonly username: string; readonly password: string } | null;
  /** Whether plain http will do. */
  readonly isInsecureAllowed: boolean;
  readonly signal: AbortSignal;
}

/** Answers the bytes. @throws ContentError CONTENT_UNREACHABLE, whose message says why */
export type FetchContent = (request: ContentRequest) => Promise<Buffer>;

const mostRedirects = 5;
/** What one step may bring in. */
export const mostBytes = 64 * 1024 * 1024;
const timeoutSeconds = 600;

/**
 * Fetches from the addresses that documents name, through the proxy that HTTPS_PROXY and NO_PROXY name: over https
 * unless plain http is allowed, after a few redirects, up to a size.
 *
 * @param authorities certificates (PEM) that vouch for servers; those that Node trusts where absent
 */
export function createContentFetcher(
  environment: Readonly<Record<string, string | undefined>>,
  authorities?: string,
): FetchContent {
  return async ({ url, credentials, isInsecureAllowed, signal }) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]);
    let current = url;
    for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
      requireScheme(current, isInsecureAllowed);
      const authorization =
        credentials === null || current.origin !== url.origin
          ? {}
          : {
              authorization: `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`,
            };
      const answer = await get(current, authorization, limit, environment, authorities);
      if (answer.statusCode === 200) return answer.body;
      if (answer.statusCode < 300 || answer.statusCode >= 400 || answer.location === undefined) {
        throw unreachable(current, `answered with status ${answer.statusCode}`);
      }
      const next = URL.parse(answer.location, current.href);
      if (next === null) throw unreachable(current, 'redirects to what is no address');
      current = next;
    }
    throw unreachable(url, `redirects more than ${mostRedirects} times`);
  };
}

/** Without what an address may carry as a secret. */
function showUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

function unreachable(url: URL, what: string, cause?: unknown): ContentError {
  return new ContentError('CONTENT_UNREACHABLE', `${showUrl(url)} ${what}.`, { cause });
}

function requireScheme(url: URL, isInsecureAllowed: boolean): void {
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isInsecureAllowed)) return;
  if (url.protocol !== 'http:') throw unreachable(url, 'is no https address');
  throw unreachable(
    url,
    'is not https; plain http takes allowInsecureDownload in sourceInfo and insecureDownloads in the policy file of the node',
  );
}

interface Answer {
  readonly statusCode: number;
  readonly location: string | undefined;
  readonly body: Buffer;
}

function get(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  environment: Readonly<Record<string, string | undefined>>,
  authorities: string | undefined,
): Promise<Answer> {
  const isSecure = url.protocol === 'https:';
  const agent = new SecureAgent({
    ...(authorities === undefined ? {} : { ca: authorities }),
    ...proxyOptions(url, environment),
  });
  return new Promise<Answer>((resolve, reject) => {
    const fail = (error: Error) =>
      reject(unreachable(url, `could not be fetched: ${error.message || error.name}`, error));
    const open = isSecure ? secureRequest : plainRequest;
    const request = open(url, { headers, signal, ...(isSecure ? { agent } : {}) }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > mostBytes) response.destroy(new Error(`it has more than ${mostBytes} bytes`));
        else chunks.push(chunk);
      });
      response.on('error', fail);
      response.on('end', () =>
        resolve({
          statusCode: response.statusCode ?? 0,
          location: response.headers.location,
          body: Buffer.concat(chunks),
        }),
      );
    });
    request.on('error', fail);
    request.end();
  }).finally(() => agent.destroy());
}
