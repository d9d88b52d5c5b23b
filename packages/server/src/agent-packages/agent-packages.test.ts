import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signingKeyFromSeed } from '../secrets/index.ts';
import { openAgentPackages } from './agent-packages.ts';
import { registerAgentPackageRoutes } from './routes.ts';

const key = signingKeyFromSeed(randomBytes(32));
const content = Buffer.from('0123456789');
const sha256 = createHash('sha256').update(content).digest('hex');
const name = 'patchbay-agent_0.10.0_amd64.deb';

let folder: string;
let app: FastifyInstance;
let url: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchbay-packages-'));
  app = fastify();
  registerAgentPackageRoutes(app, openAgentPackages(join(folder, 'agent-packages'), key));
  app.all('/*', (_request, reply) => reply.code(418).send('not ours'));
  await app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

async function fill(): Promise<void> {
  await mkdir(join(folder, 'agent-packages'));
  await writeFile(join(folder, 'agent-packages', name), content);
  await writeFile(join(folder, 'agent-packages/patchbay-agent_0.9.0_amd64.deb'), 'older');
  await writeFile(join(folder, 'agent-packages/patchbay-agent_0.11.0_amd64.deb.new'), 'half a copy');
  await writeFile(join(folder, 'secret'), 'secret');
}

function isSigned(text: string, signature: string, publicKey: string): boolean {
  const spki = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  return verify(null, Buffer.from(text), spki, Buffer.from(signature, 'base64'));
}

const read = async (path: string) => await (await fetch(`${url}/agent/${path}`)).text();

describe('the packages of the agent', () => {
  it('are none before one is built, which is no error', async () => {
    expect(await (await fetch(`${url}/agent/`)).json()).toEqual({ packages: [] });
    expect(await read('SHA256SUMS')).toBe('');
  });

  it('are named to other agents only where the release key vouches for them, the newest of each architecture', async () => {
    await fill();
    const packages = openAgentPackages(join(folder, 'agent-packages'), key);
    expect((await packages.listNewestSigned()).map(({ fileName }) => fileName)).toEqual([name]);
    const elsewhere = generateKeyPairSync('ed25519');
    const write = async (file: string, text: string) => await writeFile(join(folder, 'agent-packages', file), text);
    const publicKey = elsewhere.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    const sums = `${'0'.repeat(64)}  ${name}\n`;
    await write('release-key.pub', publicKey);
    await write('SHA256SUMS', sums);
    await write('SHA256SUMS.sig', sign(null, Buffer.from(sums), elsewhere.privateKey).toString('base64'));
    expect(await packages.listNewestSigned()).toEqual([]);
    const right = `${sha256}  ${name}\n`;
    await write('SHA256SUMS', right);
    expect(await packages.listNewestSigned()).toEqual([]);
    await write('SHA256SUMS.sig', sign(null, Buffer.from(right), elsewhere.privateKey).toString('base64'));
    expect((await packages.listNewestSigned()).map(({ fileName }) => fileName)).toEqual([name]);
    await write('release-key.pub', 'no key');
    expect(await packages.listNewestSigned()).toEqual([]);
  });

  it('are listed oldest version first, without files that are no packages yet', async () => {
    await fill();
    const { packages } = (await (await fetch(`${url}/agent`)).json()) as { packages: { fileName: string }[] };
    expect(packages.map(({ fileName }) => fileName)).toEqual(['patchbay-agent_0.9.0_amd64.deb', name]);
    expect(packages[1]).toEqual({ fileName: name, version: '0.10.0', architecture: 'amd64', sizeBytes: 10, sha256 });
  });

  it('have checksums that the release key signs', async () => {
    await fill();
    const text = await read('SHA256SUMS');
    expect(text).toContain(`${sha256}  ${name}\n`);
    expect(isSigned(text, await read('SHA256SUMS.sig'), await read('release-key.pub'))).toBe(true);
  });

  it('have other checksums once a file is another', async () => {
    await fill();
    await read('SHA256SUMS');
    await writeFile(join(folder, 'agent-packages', name), 'another');
    expect(await read('SHA256SUMS')).not.toContain(sha256);
  });

  it('come with the key and the signature that the directory brings along', async () => {
    await fill();
    const other = generateKeyPairSync('ed25519');
    const publicKey = other.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    const text = `${sha256}  ${name}\n`;
    await writeFile(join(folder, 'agent-packages/release-key.pub'), `${publicKey}\n`);
    await writeFile(join(folder, 'agent-packages/SHA256SUMS'), text);
    const signature = sign(null, Buffer.from(text), other.privateKey).toString('base64');
    await writeFile(join(folder, 'agent-packages/SHA256SUMS.sig'), `${signature}\n`);
    expect(await read('SHA256SUMS')).toBe(text);
    expect(isSigned(text, await read('SHA256SUMS.sig'), await read('release-key.pub'))).toBe(true);
    expect((await read('release-key.pub')).trim()).toBe(publicKey);
  });
});

describe('downloading a package', () => {
  beforeEach(fill);
  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    await fetch(`${url}/agent/${path}`, { headers, method, redirect: 'manual' });

  it('answers the file, its length and its digest as the tag', async () => {
    const answer = await get(name);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-length')).toBe('10');
    expect(answer.headers.get('etag')).toBe(`"${sha256}"`);
    expect(await answer.text()).toBe('0123456789');
  });

  it('answers HEAD with the same headers and nothing else', async () => {
    const answer = await get(name, {}, 'HEAD');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-length')).toBe('10');
    expect(await answer.text()).toBe('');
  });

  it.each([
    [{ range: 'bytes=2-4' }, 206, '234', 'bytes 2-4/10'],
    [{ range: 'bytes=7-' }, 206, '789', 'bytes 7-9/10'],
    [{ range: 'bytes=2-4', 'if-range': `"${sha256}"` }, 206, '234', 'bytes 2-4/10'],
    [{ range: 'bytes=2-4', 'if-range': '"another"' }, 200, '0123456789', null],
    [{ range: 'bytes=10-' }, 416, '', 'bytes */10'],
  ] as const)('%j is answered with %i %s', async (headers, status, body, contentRange) => {
    const answer = await get(name, headers);
    expect([answer.status, await answer.text()]).toEqual([status, body]);
    expect(answer.headers.get('content-range')).toBe(contentRange);
  });

  it('leads from the latest of an architecture to the newest version', async () => {
    const answer = await get('patchbay-agent_latest_amd64.deb');
    expect([answer.status, answer.headers.get('location')]).toEqual([302, name]);
    expect((await get('patchbay-agent_latest_arm64.deb')).status).toBe(404);
  });

  it.each(['..%2fsecret', '%2e%2e%2fsecret', '..%5csecret', 'secret', 'patchbay-agent_0.11.0_amd64.deb.new', '%00'])(
    'finds nothing under %s',
    async (path) => {
      const answer = await get(path);
      expect(answer.status).toBe(404);
      expect(await answer.text()).not.toContain('secret');
    },
  );

  it('takes no other method', async () => {
    expect((await get(name, {}, 'POST')).status).toBe(418);
  });
});
