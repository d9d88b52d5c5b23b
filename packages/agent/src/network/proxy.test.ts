import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, createServer, type Server as NetServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readAllowedHosts } from './allowed-hosts.ts';
import { createProxy } from './proxy.ts';
import { readUpstreamProxies } from './upstream-proxies.ts';

let host: NetServer;
let target: string;
let proxy: Server;
let answer: string;
let received: string;

async function listen(server: NetServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  host = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      received += data.toString('latin1');
      socket.end(answer);
    });
  });
  target = `127.0.0.1:${await listen(host)}`;
  proxy = createProxy(readAllowedHosts([target]), readUpstreamProxies({}), () => {});
  await listen(proxy);
});
afterAll(() => {
  host.close();
  proxy.close();
  proxy.closeAllConnections();
});
beforeEach(() => {
  answer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
  received = '';
});

/** What the proxy answers to these bytes. */
async function ask(text: string): Promise<string> {
  const socket = connect((proxy.address() as AddressInfo).port, '127.0.0.1');
  socket.setTimeout(2_000, () => socket.destroy());
  socket.write(text, 'latin1');
  let told = '';
  socket.on('data', (data) => {
    told += data.toString('latin1');
    socket.end();
  });
  await once(socket, 'close');
  return told;
}

describe('the proxy that images have', () => {
  it.each(['%ff@', 'a:%zz@', 'user:password@', ':@'])('answers an address with %s, and lives on', async (user) => {
    expect(await ask(`GET http://${user}${target}/ HTTP/1.1\r\nHost: a\r\n\r\n`)).toMatch(/^HTTP\/1\.1 (?:400|200) /);
    expect(await ask(`GET http://${target}/ HTTP/1.1\r\nHost: a\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each(['000', '099', '101'])('answers 502 where a host says %s', async (status) => {
    answer = `HTTP/1.1 ${status} Odd\r\n\r\n`;
    expect(await ask(`GET http://${target}/ HTTP/1.1\r\nHost: a\r\n\r\n`)).toMatch(/^HTTP\/1\.1 502 /);
  });

  it.each([
    [
      'Content-Length: 31\r\nConnection: content-length',
      'GET http://inside/ HTTP/1.1\r\n\r\n',
      /content-length: 31\r\n/i,
    ],
    [
      'Transfer-Encoding: chunked',
      '1f\r\nGET http://inside/ HTTP/1.1\r\n\r\n\r\n0\r\n\r\n',
      /transfer-encoding: chunked\r\n/i,
    ],
  ])('passes a body of %s on as one, never as a request more', async (headers, body, framing) => {
    await ask(`GET http://${target}/ HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n${body}`);
    expect(received).toMatch(framing);
  });
});
