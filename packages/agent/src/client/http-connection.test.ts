import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { UnreachableError } from './call-errors.ts';
import { checkEndpoint, openHttpConnection } from './http-connection.ts';

describe('the address of a control plane', () => {
  it.each(['http://127.0.0.1:8480', 'http://localhost:8480/', 'http://[::1]:8480', 'https://patchbay.example'])(
    'may be %s',
    (endpoint) => {
      expect(checkEndpoint(endpoint).href).toBe(endpoint.endsWith('/') ? endpoint : `${endpoint}/`);
    },
  );

  it.each(['patchbay.example:8480', '', 'ftp://127.0.0.1', 'http://patchbay.example', 'http://127.0.0.1.example'])(
    'may not be %j',
    (endpoint) => {
      expect(() => checkEndpoint(endpoint)).toThrow(expect.objectContaining({ code: 'ENDPOINT_INVALID' }));
    },
  );
});

describe('openHttpConnection', () => {
  it('goes to another machine through the proxy of the environment, with its password', async () => {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization']}`);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    await new Promise<void>((resolve) => {
      proxy.listen(0, '127.0.0.1', () => resolve());
    });
    const { port } = proxy.address() as AddressInfo;
    vi.stubEnv('https_proxy', `http://user:word@127.0.0.1:${port}`);
    vi.stubEnv('no_proxy', '');
    onTestFinished(() => {
      vi.unstubAllEnvs();
      proxy.close();
    });
    const connection = openHttpConnection('https://patchbay.example:8480');
    await expect(connection.post({}, new Uint8Array(), { timeoutSeconds: 10 })).rejects.toBeInstanceOf(
      UnreachableError,
    );
    connection.close();
    expect(asked).toEqual([`patchbay.example:8480 Basic ${Buffer.from('user:word').toString('base64')}`]);
  });
});
