import { lookup as lookUp } from 'node:dns';
import {
  createServer,
  type IncomingMessage,
  request as requestHttp,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { AllowedHosts } from './allowed-hosts.ts';

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
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** A connection on which nothing has moved for so long is given up. */
const idleMilliseconds = 300_000;

/** An HTTP proxy for what is allowed: tunnels (CONNECT), and requests for http:// addresses. It listens nowhere by itself. */
export function createProxy(hosts: AllowedHosts, onRefused: (request: RefusedRequest) => void): Server {
  const isRefused = (host: string, port: number): boolean => {
    if (hosts.allows(host, port)) return false;
    onRefused({ host, port });
    return true;
  };
  const lookup = lookUpAllowed(hosts, onRefused);
  const server = createServer((request, response) => {
    const url = URL.parse(request.url ?? '');
    if (url?.protocol !== 'http:') return refuse(response, 400, 'This proxy takes http:// addresses and CONNECT.');
    const [host, port] = [withoutBrackets(url.hostname), Number(url.port || 80)];
    if (isRefused(host, port)) return refuse(response, 403, refusal(host, port));
    if (isIP(host) === 0 || hosts.allowsAddress(host, host)) return forward(request, response, url, lookup);
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
    tunnel(connect({ host, port, lookup }), socket, head);
  });
  return server;
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

function refusal(host: string, port: number): string {
  return `${host}:${port} is not among the hosts that may be reached from here.`;
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${reason}\n`);
}

function forward(request: IncomingMessage, response: ServerResponse, url: URL, lookup: LookupFunction): void {
  const named = new Set((request.headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const pass = (headers: NodeJS.Dict<string | string[]>) =>
    Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) =>
        value === undefined || hopByHop.has(name) || named.has(name) ? [] : [[name, value] as const],
      ),
    );
  const upstream = requestHttp(
    url,
    { method: request.method ?? 'GET', headers: { ...pass(request.headers), host: url.host }, lookup, agent: false },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, pass(answer.headers));
      answer.on('error', () => response.destroy());
      answer.pipe(response);
    },
  );
  upstream.setTimeout(idleMilliseconds, () => upstream.destroy(new Error('nothing came')));
  upstream.on('error', (error) => {
    if (response.headersSent) response.destroy();
    else refuse(response, 502, `${url.host} cannot be reached: ${error.message}`);
  });
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
}

function tunnel(upstream: Socket, socket: Duplex, head: Buffer): void {
  upstream.setTimeout(idleMilliseconds, () => upstream.destroy());
  upstream.on('error', () => {
    if (upstream.connecting || upstream.bytesRead === 0) socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    else socket.destroy();
  });
  upstream.on('connect', () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    upstream.write(head);
    upstream.pipe(socket);
    socket.pipe(upstream);
  });
  socket.on('close', () => upstream.destroy());
  upstream.on('close', () => socket.end());
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
