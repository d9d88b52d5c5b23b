import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEgressClient } from './egress-client.ts';
import { createEgressPolicy } from './egress-policy.ts';

const options = { limitBytes: 100, timeoutSeconds: 5 };

describe('fetching from elsewhere', () => {
  let server: Server;
  let base: string;
  let folder: string;
  let requests = 0;
  beforeAll(async () => {
    server = createServer((request, response) => {
      requests += 1;
      switch (request.url) {
        case '/file':
          if (request.headers['if-modified-since'] === 'Mon, 02 Mar 2026 00:00:00 GMT') response.writeHead(304);
          else response.writeHead(200, { 'last-modified': 'Mon, 02 Mar 2026 00:00:00 GMT' });
          return response.end('content');
        case '/large':
          response.writeHead(200);
          return response.end('x'.repeat(101));
        case '/moved':
          response.writeHead(302, { location: '/file' });
          return response.end();
        case '/home':
          response.writeHead(302, { location: `http://localhost:${(server.address() as AddressInfo).port}/file` });
          return response.end();
        case '/passwords':
          response.writeHead(302, { location: 'file:///etc/passwd' });
          return response.end();
        case '/round':
          response.writeHead(302, { location: '/round' });
          return response.end();
        case '/broken':
          response.writeHead(503);
          return response.end();
        case '/slow':
          response.writeHead(200);
          return response.write('x');
        default:
          response.writeHead(404);
          return response.end();
      }
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    folder = mkdtempSync(join(tmpdir(), 'egress-'));
    writeFileSync(join(folder, 'file'), 'content');
    symlinkSync('/etc/passwd', join(folder, 'link'));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  const client = createEgressClient(createEgressPolicy(['127.0.0.1']));
  const fetchPath = async (path: string, more = {}) =>
    await client.fetch(new URL(base + path), { ...options, ...more });

  it('answers with the bytes, or that nothing changed, or that there is nothing', async () => {
    const lastModified = 'Mon, 02 Mar 2026 00:00:00 GMT';
    expect(await fetchPath('/file')).toEqual({ status: 'fetched', body: Buffer.from('content'), lastModified });
    expect(await fetchPath('/moved')).toMatchObject({ status: 'fetched' });
    expect(await fetchPath('/file', { ifModifiedSince: lastModified })).toEqual({ status: 'not-modified' });
    expect(await fetchPath('/nothing')).toEqual({ status: 'missing' });
  });

  it.each([
    ['/large', 'EGRESS_TOO_LARGE'],
    ['/broken', 'EGRESS_STATUS'],
    ['/round', 'EGRESS_STATUS'],
    ['/passwords', 'EGRESS_REFUSED'],
  ])('refuses %s', async (path, code) => {
    await expect(fetchPath(path)).rejects.toMatchObject({ code });
  });

  it('gives up on what takes too long', async () => {
    await expect(fetchPath('/slow', { timeoutSeconds: 0.2 })).rejects.toMatchObject({ code: 'EGRESS_TIMEOUT' });
  });

  it('asks nothing of this machine, by address, by name or by a redirect', async () => {
    const strict = createEgressClient(createEgressPolicy([]));
    const onlyOther = createEgressClient(createEgressPolicy(['127.0.0.9']));
    const { port } = new URL(base);
    const before = requests;
    for (const url of [base, `http://localhost:${port}/file`, `http://[::1]:${port}/`, `http://0x7f.1:${port}/`]) {
      for (const each of [strict, onlyOther]) {
        await expect(each.fetch(new URL(url), options)).rejects.toMatchObject({ code: 'EGRESS_ADDRESS' });
      }
    }
    expect(requests).toBe(before);
  });

  it('reads files only below the directories that are allowed, links followed', async () => {
    const local = createEgressClient(createEgressPolicy([`file:${folder}`]));
    const read = async (path: string) => await local.fetch(pathToFileURL(path), options);
    expect(await read(join(folder, 'file'))).toMatchObject({ status: 'fetched', body: Buffer.from('content') });
    expect(await read(join(folder, 'nothing'))).toEqual({ status: 'missing' });
    await expect(read(join(folder, 'link'))).rejects.toMatchObject({ code: 'EGRESS_ADDRESS' });
    await expect(read('/etc/passwd')).rejects.toMatchObject({ code: 'EGRESS_ADDRESS' });
    await expect(client.fetch(pathToFileURL(join(folder, 'file')), options)).rejects.toMatchObject({
      code: 'EGRESS_ADDRESS',
    });
  });
});
