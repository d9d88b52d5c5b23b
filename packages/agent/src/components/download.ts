import { createHash, type Hash } from 'node:crypto';
import { lookup as lookUp } from 'node:dns';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '@patchbay/facts';
import { readProxyVariables } from '../client/index.ts';
import type { AllowedHosts } from '../network/index.ts';
import { systemTimers, type Timers } from '../timers.ts';

/** Why something could not be downloaded. `DOWNLOAD_FAILED` may pass by itself; `DOWNLOAD_REFUSED` does not. */
export class DownloadError extends AppError<'DOWNLOAD_FAILED' | 'DOWNLOAD_REFUSED'> {}

export interface DownloadRequest {
  readonly url: URL;
  /** Where the bytes go; must not exist. */
  readonly file: string;
  /** Of node:crypto. */
  readonly digest: 'md5' | 'sha1' | 'sha256' | 'sha512' | null;
  readonly ignoresCertificateErrors: boolean;
  readonly signal: AbortSignal;
  readonly onRetry: (reason: string) => void;
}

/** Fetches a file and answers its digest. @throws DownloadError, whose message says why; what was written is gone then */
export type Download = (request: DownloadRequest) => Promise<{ readonly digest: string | null }>;

export interface DownloaderOptions {
  /** For http_proxy, https_proxy and no_proxy. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What may be reached; everything where absent. */
  readonly hosts?: AllowedHosts;
  readonly timers?: Pick<Timers, 'sleep'>;
}

/** The user guide gives every download five attempts, with longer and longer waits between them. */
const mostAttempts = 5;
const firstDelayMilliseconds = 1000;
const mostRedirects = 10;
/** A server that has sent nothing for so long is given up. */
const idleMilliseconds = 60_000;
/** AWS names no limit; the disk of the builder is one for all builds. */
const mostBytes = 16 * 1024 ** 3;

/** Downloads over HTTP and HTTPS as WebDownload does: any status but 200 is an error, redirects are followed. */
export function createDownloader(options: DownloaderOptions): Download {
  const { sleep } = options.timers ?? systemTimers;
  return async (request) => {
    for (let failed = 0; ; ) {
      try {
        return { digest: await fetchFile(request, options) };
      } catch (error) {
        await rm(request.file, { force: true });
        const reason = describe(request.url, error);
        failed += 1;
        const isFinal = reason.code === 'DOWNLOAD_REFUSED' || failed >= mostAttempts || request.signal.aborted;
        if (isFinal) throw reason;
        request.onRetry(reason.message);
        await sleep(firstDelayMilliseconds * 2 ** (failed - 1), request.signal);
        if (request.signal.aborted) throw reason;
      }
    }
  };
}

/** Without what an address may carry as a secret. */
function showUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

function describe(url: URL, error: unknown): DownloadError {
  if (error instanceof DownloadError) return error;
  const why = error instanceof Error ? error.message || error.name : 'unknown';
  return new DownloadError('DOWNLOAD_FAILED', `${showUrl(url)} could not be fetched: ${why}`, { cause: error });
}

async function fetchFile(request: DownloadRequest, options: DownloaderOptions): Promise<string | null> {
  let url = request.url;
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    const next = await fetchOnce(url, request, options);
    if (!(next instanceof URL)) return next;
    url = next;
  }
  throw new DownloadError('DOWNLOAD_REFUSED', `${showUrl(request.url)} redirects more than ${mostRedirects} times`);
}

/** The digest, or where the answer redirects to. */
async function fetchOnce(
  url: URL,
  { file, digest, ignoresCertificateErrors, signal }: DownloadRequest,
  { environment, hosts }: DownloaderOptions,
): Promise<string | null | URL> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new DownloadError('DOWNLOAD_REFUSED', `${showUrl(url)} is no http:// or https:// address`);
  }
  const { http_proxy: HTTP_PROXY, https_proxy: HTTPS_PROXY, no_proxy: NO_PROXY } = readProxyVariables(environment);
  const proxyEnv = { HTTP_PROXY, HTTPS_PROXY, NO_PROXY };
  const isSecure = url.protocol === 'https:';
  const agent = isSecure
    ? new SecureAgent({ rejectUnauthorized: !ignoresCertificateErrors, proxyEnv })
    : new PlainAgent({ proxyEnv });
  try {
    if (hosts !== undefined) requireAllowed(url, hosts);
    const open = isSecure ? secureRequest : plainRequest;
    const lookup = hosts === undefined ? {} : { lookup: lookUpAllowed(hosts) };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = open(url, { agent, signal, ...lookup }, resolve);
      sent.setTimeout(idleMilliseconds, () => sent.destroy(new Error(`nothing came for ${idleMilliseconds / 1000} s`)));
      sent.on('error', reject);
      sent.end();
    });
    const { statusCode = 0 } = response;
    if (statusCode === 200) {
      const hash = digest === null ? null : createHash(digest);
      await pipeline(response, watch(url, hash), createWriteStream(file, { flags: 'wx', mode: 0o600 }), { signal });
      return hash?.digest('hex') ?? null;
    }
    response.destroy();
    const { location } = response.headers;
    if (statusCode < 300 || statusCode >= 400 || location === undefined) {
      const passes = statusCode >= 500 || statusCode === 408 || statusCode === 429;
      const code = passes ? 'DOWNLOAD_FAILED' : 'DOWNLOAD_REFUSED';
      throw new DownloadError(code, `${showUrl(url)} answered with status ${statusCode}`);
    }
    const next = URL.parse(location, url.href);
    if (next !== null) return next;
    throw new DownloadError('DOWNLOAD_REFUSED', `${showUrl(url)} redirects to what is no address`);
  } finally {
    agent.destroy();
  }
}

/** Counts and digests what goes by. */
function watch(url: URL, hash: Hash | null): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      hash?.update(chunk);
      if (size <= mostBytes) done(null, chunk);
      else done(new DownloadError('DOWNLOAD_REFUSED', `${showUrl(url)} has more than ${mostBytes} bytes`));
    },
  });
}

function refuse(host: string): DownloadError {
  return new DownloadError('DOWNLOAD_REFUSED', `${host} is not among the hosts that may be reached`);
}

/** An address in place of a name is never looked up. */
function requireAllowed({ hostname, port, protocol }: URL, hosts: AllowedHosts): void {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const isAddress = isIP(host) !== 0;
  const isAllowed = hosts.allows(host, Number(port || (protocol === 'https:' ? 443 : 80)));
  if (!isAllowed || (isAddress && !hosts.allowsAddress(host, host))) throw refuse(host);
}

function lookUpAllowed(hosts: AllowedHosts): LookupFunction {
  return (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const allowed = addresses.filter(({ address }) => hosts.allowsAddress(hostname, address));
      const [first] = allowed;
      if (first === undefined) return callback(refuse(hostname), '', 0);
      return options.all === true ? callback(null, allowed) : callback(null, first.address, first.family);
    });
  };
}
