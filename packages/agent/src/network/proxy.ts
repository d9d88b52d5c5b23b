import { lookup as lookUp } from 'node:dns';
import {
  type Agent,
  createServer,
  type IncomingMessage,
  request as requestHttp,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { connect, isIP, type LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import type { AllowedHosts } from './allowed-hosts.ts';
import { idleMilliseconds, tunnel, tunnelThrough } from './tunnels.ts';
import { explainUpstream, type UpstreamProxies } from './upstream-proxies.ts';

/** A request that was not let through. */
export interface RefusedRequest {
  readonly host: string;
  /** Null where the host is on the list, and its name stands only for addresses that no name may stand for. */
  readonly port: number | null;
}

/** Headers that are between two neighbours only (RFC 9110, 7.6.1). */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** How a request goes on: by another proxy, or else to the host itself, whose name is looked up. */
interface Way {
  readonly agent: Agent | null;
  readonly lookup: LookupFunction;
}

/**
 * An HTTP proxy for what is allowed: tunnels (CONNECT), and requests for http:// addresses. It listens nowhere by itself.
 *
 * Where another proxy is on the way, it looks names up, so that nothing here checks what they stand for: the list of them is the
 * administrator's, and what is local to that proxy is its owner's to guard.
 */
export function createProxy(
  hosts: AllowedHosts,
  upstream: UpstreamProxies,
  onRefused: (request: RefusedRequest) => void,
): Server {
  const isRefused = (host: string, port: number): boolean => {
    if (hosts.allows(host, port)) return false;
    onRefused({ host, port });
    return true;
  };
  const lookup = lookUpAllowed(hosts, onRefused);
  const server = createServer((request, response) => {
    const url = URL.parse(request.url ?? '');
    if (url?.protocol !== 'http:') return refuse(response, 400, 'This proxy takes http:// addresses and CONNECT.');
    // What is no credentials at all makes Node throw.
    if (`${url.username}${url.password}` !== '')
      return refuse(response, 400, 'This proxy takes no user in an address.');
    const [host, port] = [withoutBrackets(url.hostname), Number(url.port || 80)];
    if (isRefused(host, port)) return refuse(response, 403, refusal(host, port));
    if (isIP(host) === 0 || hosts.allowsAddress(host, host)) {
      return forward(request, response, url, { agent: upstream.findAgent('http', host, port), lookup });
    }
    return refuse(response, 403, refusal(host, port));
  });
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const url = URL.parse(`tcp://${request.url ?? ''}`);
    const [host, port] = [withoutBrackets(url?.hostname ?? ''), Number(url?.port)];
    socket.on('error', () => socket.destroy());
    if (host === '' || !(port > 0)) return void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    if (isRefused(host, port)) {
      return void socket.end(`HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\n\r\n${refusal(host, port)}\n`);
    }
    const agent = upstream.findAgent('https', host, port);
    if (agent === null) tunnel(connect({ host, port, lookup }), socket, head);
    else tunnelThrough(agent, `${url?.hostname}:${port}`, socket, head);
  });
  return server;
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

function refusal(host: string, port: number): string {
  return `${host}:${port} is not among the hosts that may be reached from here.`;
}

function refuse(response: ServerResponse, status: number, reason: string, phrase = STATUS_CODES[status]): void {
  response.writeHead(status, phrase, { 'content-type': 'text/plain', connection: 'close' }).end(`${reason}\n`);
}

function forward(request: IncomingMessage, response: ServerResponse, url: URL, { agent, lookup }: Way): void {
  // A proxy may answer it with all that it was sent (RFC 9110, 9.3.8), our password for it included.
  if (agent !== null && request.method === 'TRACE') return refuse(response, 405, 'TRACE does not go through a proxy.');
  const failUpstream = (problem: number | Error) => {
    const reason = explainUpstream(problem);
    refuse(response, 502, reason, reason);
  };
  const named = new Set((request.headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const pass = (headers: NodeJS.Dict<string | string[]>) =>
    Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) =>
        value === undefined || hopByHop.has(name) || (named.has(name) && name !== 'content-length')
          ? []
          : [[name, value] as const],
      ),
    );
  // Where a body ends is said as it was to us: without that it would be read as another request, which nobody has checked.
  const framing = request.headers['transfer-encoding'] === undefined ? {} : { 'transfer-encoding': 'chunked' };
  const upstream = requestHttp(
    url,
    {
      method: request.method ?? 'GET',
      headers: { ...pass(request.headers), ...framing, host: url.host },
      lookup,
      agent: agent ?? false,
    },
    (answer) => {
      answer.on('error', () => response.destroy());
      // It asks us for a password, and nobody inside has one.
      if (agent !== null && answer.statusCode === 407) {
        answer.resume();
        return failUpstream(407);
      }
      const { statusCode = 0 } = answer;
      // Node reads such an answer, and writes none.
      if (statusCode < 200 || statusCode > 999) {
        answer.resume();
        return refuse(response, 502, `${url.host} answered with status ${statusCode}`);
      }
      response.writeHead(statusCode, pass(answer.headers));
      answer.pipe(response);
    },
  );
  upstream.setTimeout(idleMilliseconds, () => upstream.destroy(new Error('nothing came')));
  upstream.on('error', (error) => {
    if (response.headersSent) response.destroy();
    else if (agent !== null) failUpstream(error);
    else refuse(response, 502, `${url.host} cannot be reached: ${error.message}`);
  });
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
}

function lookUpAllowed(hosts: AllowedHosts, onRefused: (request: RefusedRequest) => void): LookupFunction {
  return (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const allowed = addresses.filter(({ address }) => hosts.allowsAddress(hostname, address));
      const [first] = allowed;
      if (first === undefined) {
        onRefused({ host: hostname, port: null });
        return callback(new Error('it has only addresses that may not be reached'), '', 0);
      }
      return options.all === true ? callback(null, allowed) : callback(null, first.address, first.family);
    });
  };
}
