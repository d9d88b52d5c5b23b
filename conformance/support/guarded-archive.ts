// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 needs its side effect, before itself
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request as openRequest,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { pipeline } from 'node:stream';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';

/** A self-signed certificate, which is its own authority, and its key: both in PEM. */
export interface TestCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

export async function createTestCertificate(name: string): Promise<TestCertificate> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    certificate: `${certificate.toString('pem')}\n`,
    privateKey: `-----BEGIN PRIVATE KEY-----\n${key.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----\n`,
  };
}

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** The header of RFC 7617 for a login. */
export function basicAuthorization({ user, password }: Login): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

export interface GuardedArchiveOptions {
  /** The name under which nodes know the archive, by https. */
  readonly host: string;
  /** Where it really is. */
  readonly target: string;
  readonly certificate: TestCertificate;
  /** Of the only client that it talks to. */
  readonly clientCertificate: string;
  readonly login: Login;
}

export interface GuardingProxyOptions {
  readonly login: Login;
  /** Archives without a guard by the name that nodes know them by: where they really are. */
  readonly open: ReadonlyMap<string, string>;
  readonly guarded: GuardedArchiveOptions;
}

export interface GuardingProxy {
  readonly port: number;
  /** What it let through: `GET http://…`, `CONNECT host:port`. */
  readonly passed: readonly string[];
  /** What reached the guarded archive with certificate and password. */
  readonly served: readonly string[];
  /** Codes of the TLS handshakes that the guarded archive broke off. */
  readonly refused: readonly string[];
  close(): void;
}

/** A proxy that wants a password, the only way to archives of which one wants a client certificate and another password. */
export async function startGuardingProxy({ login, open, guarded }: GuardingProxyOptions): Promise<GuardingProxy> {
  const passed: string[] = [];
  const served: string[] = [];
  const refused: string[] = [];
  const archive = createTlsServer(
    {
      cert: guarded.certificate.certificate,
      key: guarded.certificate.privateKey,
      ca: guarded.clientCertificate,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => {
      if (request.headers.authorization !== basicAuthorization(guarded.login)) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="archive"' }).end();
        return;
      }
      served.push(`${request.method} ${request.url}`);
      passOn(new URL(`${guarded.target}${withoutFirstFolder(request.url ?? '/')}`), response);
    },
  );
  archive.on('tlsClientError', (error: NodeJS.ErrnoException) => refused.push(error.code ?? error.message));
  const isKnown = (request: IncomingMessage) => request.headers['proxy-authorization'] === basicAuthorization(login);
  const proxy = createServer((request, response) => {
    const url = new URL(request.url ?? '/');
    const target = open.get(url.hostname);
    if (!isKnown(request)) response.writeHead(407, { 'proxy-authenticate': 'Basic realm="proxy"' }).end();
    else if (target === undefined) response.writeHead(502).end();
    else {
      passed.push(`GET ${url.href}`);
      passOn(new URL(`${target}${withoutFirstFolder(url.pathname)}`), response);
    }
  });
  proxy.on('connect', (request, socket) => {
    if (!isKnown(request) || request.url !== `${guarded.host}:443`) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\n\r\n');
      return;
    }
    passed.push(`CONNECT ${request.url}`);
    const outgoing = connect((archive.address() as AddressInfo).port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      // Whichever end breaks, the other one is closed.
      pipeline(socket, outgoing, () => undefined);
      pipeline(outgoing, socket, () => undefined);
    });
  });
  for (const server of [archive, proxy] as Server[]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  return {
    port: (proxy.address() as AddressInfo).port,
    passed,
    served,
    refused,
    close() {
      for (const server of [archive, proxy]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

function withoutFirstFolder(path: string): string {
  return path.replace(/^\/[^/]*/, '');
}

function passOn(target: URL, response: ServerResponse): void {
  openRequest(target, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  }).end();
}
