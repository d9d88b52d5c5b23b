import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request as openRequest, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { type Duplex, pipeline } from 'node:stream';
import { basicAuthorization, type Login, type TestCertificate } from './guarded-archive.ts';

export interface ForwardProxyOptions {
  /** Names that it alone knows, as `name:port`, and where they really are. */
  readonly names: ReadonlyMap<string, string>;
  /** What it wants; nothing where absent. */
  readonly login?: Login;
  /** It speaks TLS then. */
  readonly certificate?: TestCertificate;
}

export interface ForwardProxy {
  readonly port: number;
  /** All that it was asked for, with or without the right password: `GET http://…`, `CONNECT host:port`. */
  readonly asked: readonly string[];
  /** Of all those requests. */
  readonly headers: readonly IncomingHttpHeaders[];
  /** Those that arrived at their host. */
  readonly passed: readonly string[];
  close(): void;
}

/** A proxy as companies have them: for http:// and CONNECT, and it tells whoever it refuses what it was told. */
export async function startForwardProxy({ names, login, certificate }: ForwardProxyOptions): Promise<ForwardProxy> {
  const asked: string[] = [];
  const passed: string[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const isKnown = (given: string | undefined) => login === undefined || given === basicAuthorization(login);
  const explain = (given: string | undefined) => ({
    'proxy-authenticate': `Basic realm="not by ${given}"`,
    'x-refused': String(given),
  });
  const sockets = new Set<Duplex>();
  const tls = certificate && { cert: certificate.certificate, key: certificate.privateKey };
  const server: Server = tls === undefined ? createServer() : createTlsServer(tls);
  server.on('connection', (socket: Duplex) => sockets.add(socket));
  server.on('request', (request, response) => {
    const url = new URL(request.url ?? '');
    const given = request.headers['proxy-authorization'];
    asked.push(`${request.method} ${url.href}`);
    headers.push(request.headers);
    if (!isKnown(given)) return void response.writeHead(407, explain(given)).end(`not by ${given}`);
    const target = names.get(`${url.hostname}:${url.port || 80}`);
    if (target === undefined) return void response.writeHead(504).end();
    passed.push(`${request.method} ${url.href}`);
    const { 'proxy-authorization': _, ...rest } = request.headers;
    const onward = openRequest(
      `http://${target}${url.pathname}${url.search}`,
      { method: request.method ?? 'GET', headers: rest },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, { ...answer.headers, 'proxy-authentication-info': String(given) });
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  server.on('connect', (request, socket: Duplex, head) => {
    const given = request.headers['proxy-authorization'];
    asked.push(`CONNECT ${request.url}`);
    headers.push(request.headers);
    socket.on('error', () => socket.destroy());
    if (!isKnown(given)) {
      const lines = Object.entries(explain(given)).map(([name, value]) => `${name}: ${value}\r\n`);
      return void socket.end(`HTTP/1.1 407 not by ${given}\r\n${lines.join('')}\r\nnot by ${given}`);
    }
    const [host = '', port = ''] = names.get(request.url ?? '')?.split(':') ?? [];
    if (host === '') return void socket.end('HTTP/1.1 504 Gateway Timeout\r\n\r\n');
    passed.push(`CONNECT ${request.url}`);
    const outgoing = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\nProxy-Agent: test\r\n\r\n');
      outgoing.write(head);
      // Whichever end breaks, the other one is closed.
      pipeline(socket, outgoing, () => undefined);
      pipeline(outgoing, socket, () => undefined);
    });
    outgoing.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    passed,
    headers,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
