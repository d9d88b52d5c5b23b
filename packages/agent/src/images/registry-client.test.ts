import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRegistryClient } from './registry-client.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let folder: string;
let answer: Answer;
let registry: string;
let requests: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'registry-client-'));
  requests = [];
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.authorization ?? '-'}`);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  registry = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

function open(password: string) {
  const authFile = join(folder, 'auth.json');
  const auth = Buffer.from(`me:${password}`).toString('base64');
  writeFileSync(authFile, JSON.stringify({ auths: { [registry]: { auth } } }));
  return openRegistryClient({ registry, repository: 'app' }, { authFile });
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** The token authentication of the distribution project: 401 names where tokens are given out. */
const bearer: Answer = (request, response) => {
  const { authorization } = request.headers;
  if (request.url?.startsWith('/token') === true) {
    const isRight = authorization === `Basic ${Buffer.from('me:right').toString('base64')}`;
    send(response, isRight ? 200 : 401, isRight ? { token: 'the-token' } : {});
  } else if (authorization === 'Bearer the-token') send(response, 200, { tags: ['1'] });
  else {
    const realm = `Bearer realm="http://${registry}/token",service="s",scope="repository:app:pull"`;
    send(response, 401, {}, { 'www-authenticate': realm });
  }
};

describe('a registry that gives out tokens', () => {
  it('gets the password where it asks for it, and the token from then on', async () => {
    answer = bearer;
    const client = open('right');
    expect([await client.listTags(), await client.listTags()]).toEqual([['1'], ['1']]);
    expect(requests.map((line) => line.replace(/Basic .*/, 'Basic'))).toEqual([
      'GET /v2/app/tags/list -',
      'GET /token?service=s&scope=repository%3Aapp%3Apull Basic',
      'GET /v2/app/tags/list Bearer the-token',
      'GET /v2/app/tags/list Bearer the-token',
    ]);
  });

  it('refuses a wrong password, which no message repeats', async () => {
    answer = bearer;
    const refusal = open('wrong-password').listTags();
    await expect(refusal).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    await expect(refusal).rejects.not.toThrow(/wrong-password/);
  });
});

describe('a registry', () => {
  it('is asked again when it cannot answer now, and for every page of a list', async () => {
    answer = (request, response) => {
      if (requests.length === 1) send(response, 503, {});
      else if (request.url?.includes('last=') === true)
        send(response, 200, { tags: ['2', `sha256-${'a'.repeat(64)}`] });
      else send(response, 200, { tags: ['1'] }, { link: '</v2/app/tags/list?n=1&last=1>; rel="next"' });
    };
    expect(await open('x').listTags()).toEqual(['1', '2']);
    expect(requests).toHaveLength(3);
  });

  it('that answers with other content than was asked for is not believed', async () => {
    answer = (_request, response) => send(response, 200, { schemaVersion: 2 });
    const digest = `sha256:${'0'.repeat(64)}`;
    await expect(open('x').getManifest(digest)).rejects.toMatchObject({ code: 'REGISTRY_REFUSED' });
    await expect(open('x').getBlob(digest)).rejects.toThrow('something else');
  });

  it('that refuses is quoted', async () => {
    answer = (_request, response) => send(response, 400, { errors: [{ code: 'UNSUPPORTED', message: 'not here' }] });
    await expect(open('x').ping()).rejects.toThrow('a ping was answered with 400: not here');
  });

  it('that knows referrers gets no index beside the artifact', async () => {
    const subject = { mediaType: 'm', digest: `sha256:${'1'.repeat(64)}`, size: 1 };
    answer = (request, response) => {
      request.resume();
      if (request.method === 'HEAD') send(response, 200, '');
      else send(response, 201, {}, { 'oci-subject': subject.digest });
    };
    await open('x').putArtifact(subject, 'application/x', [{ mediaType: 'text/plain', bytes: Buffer.from('x') }]);
    expect(requests.filter((line) => line.startsWith('PUT'))).toHaveLength(1);
  });

  it('is left alone when the work was cancelled', async () => {
    answer = () => undefined;
    const signal = AbortSignal.timeout(50);
    const client = openRegistryClient({ registry, repository: 'app' }, { authFile: null, signal });
    await expect(client.ping()).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
