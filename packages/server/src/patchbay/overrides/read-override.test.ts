// oxlint-disable-next-line import/no-unassigned-import -- x509 reads its decorators through it
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOverrideReader, isNear, parseAllowed } from './read-override.ts';

async function createCertificate(): Promise<{ cert: string; key: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
      ]),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return { cert: certificate.toString('pem'), key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n` };
}

describe('the reader of overrides', () => {
  let server: Server;
  let origin: string;
  let certificates: string;
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-read-override-'));
  const read = (address: string, allowed: readonly string[] = [`${origin}/lists/`]) =>
    createOverrideReader({ allowed, directory: join(directory, 'overrides'), certificates })(address);

  beforeAll(async () => {
    const { cert, key } = await createCertificate();
    certificates = cert;
    server = createServer({ cert, key }, (request, response) => {
      if (request.url === '/lists/moved') response.writeHead(302, { location: '/secret' }).end();
      else if (request.url === '/lists/long') response.end('x'.repeat(2 * 1024 * 1024));
      else if (request.url === '/lists/a.yaml') response.end('patches: []');
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    mkdirSync(join(directory, 'overrides', 'folder'), { recursive: true });
    writeFileSync(join(directory, 'overrides', 'a.yaml'), 'patches: [{id: bash}]');
    writeFileSync(join(directory, 'secret'), 'secret');
    symlinkSync('../secret', join(directory, 'overrides', 'link'));
    writeFileSync(join(directory, 'overrides', 'long'), 'x'.repeat(2 * 1024 * 1024));
  });
  afterAll(async () => {
    rmSync(directory, { recursive: true });
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });

  it('reads https addresses below one that is allowed', async () => {
    expect(await read(`${origin}/lists/a.yaml`)).toBe('patches: []');
  });

  it.each(['/listsofothers/a.yaml', '/lists/../secret', '/lists', '/secret'])(
    'reads nothing beside what is allowed: %s',
    async (path) => {
      await expect(read(`${origin}${path}`)).rejects.toMatchObject({ code: 'OVERRIDE_ADDRESS' });
    },
  );

  it('reads nothing at all where nothing is allowed', async () => {
    await expect(read(`${origin}/lists/a.yaml`, [])).rejects.toThrow(/--override-allow names \(none\)/);
  });

  it.each([
    ['/lists/moved', /redirects are not followed/],
    ['/lists/nothing', /answered 404/],
    ['/lists/long', /longer than/],
  ])('says why it cannot read %s', async (path, why) => {
    await expect(read(`${origin}${path}`)).rejects.toThrow(why);
  });

  it('trusts no certificate that nobody vouches for', async () => {
    const reader = createOverrideReader({ allowed: [`${origin}/`], directory: null });
    await expect(reader(`${origin}/lists/a.yaml`)).rejects.toMatchObject({ code: 'OVERRIDE_UNREADABLE' });
  });

  it.each(['http://127.0.0.1/a', 's3://bucket/key', 'file:///etc/passwd', 'ftp://host/a', 'x', '/etc/passwd'])(
    'does not know the address %s',
    async (address) => {
      await expect(read(address)).rejects.toMatchObject({ code: 'OVERRIDE_ADDRESS' });
    },
  );

  it('reads files of its directory by their name', async () => {
    expect(await read('patchbay-override:a.yaml')).toBe('patches: [{id: bash}]');
  });

  it.each(['../secret', '..', '.hidden', 'link', 'folder', 'nothing', 'long', 'folder/x', ''])(
    'reads no other file: %j',
    async (name) => {
      await expect(read(`patchbay-override:${name}`)).rejects.toThrow(/patchbay-override: takes|cannot be read/);
    },
  );

  it.each([
    ['127.0.0.1', true],
    ['127.8.8.8', true],
    ['169.254.169.254', true],
    ['0.0.0.0', true],
    ['::1', true],
    ['fe80::1', true],
    ['::ffff:127.0.0.1', true],
    ['192.0.2.1', false],
    ['2001:db8::1', false],
  ])('takes %s for near: %s', (address, expected) => {
    expect(isNear(address)).toBe(expected);
  });

  it.each(['http://host/', 'https://user@host/', 'https://host/?a=b', 'host', ''])(
    'does not let %j be allowed',
    (text) => {
      expect(() => parseAllowed(text)).toThrow(/Expected an address/);
    },
  );
});
