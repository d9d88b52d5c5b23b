import { createServer, request as openRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openMachine } from '../../packages/agent/src/machine/index.ts';
import { type CollectedFacts, collectFacts } from '../../packages/agent/src/patcher/index.ts';
import { hardCases } from '../support/test-packages.ts';
import { openPatcherStage, type PatcherStage } from './patcher-stage.ts';

const archiveHost = 'private.example';
const archivePassword = 'archive-wort';
const proxyPassword = 'proxy-wort';
const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

let stage: PatcherStage;
let proxy: Server;
const asked: string[] = [];

/** The only way to the archive: a proxy that wants its password, before an archive that wants another. */
function startProxy(): Promise<Server> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/');
    asked.push(url.href);
    const deny = (status: number, header: string) => {
      response.writeHead(status, { [header]: 'Basic realm="private"' });
      response.end();
    };
    if (request.headers['proxy-authorization'] !== basic('proxy-user', proxyPassword)) {
      deny(407, 'proxy-authenticate');
      return;
    }
    if (url.hostname === archiveHost && request.headers.authorization !== basic('archive-user', archivePassword)) {
      deny(401, 'www-authenticate');
      return;
    }
    const target = new URL(stage.archives.archives.security.uri);
    target.pathname = url.pathname.replace(/^\/private/, target.pathname);
    openRequest(target, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    }).end();
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

beforeAll(async () => {
  stage = await openPatcherStage([hardCases.epoch]);
  proxy = await startProxy();
  const { port } = proxy.address() as AddressInfo;
  vi.stubEnv('http_proxy', `http://proxy-user:${proxyPassword}@127.0.0.1:${port}`);
  const listed = await stage.root.run(['cat', '/etc/apt/sources.list.d/test.sources']);
  const { uri } = stage.archives.archives.security;
  const stanza = listed.stdout.split('\n\n').find((text) => text.includes(`URIs: ${uri}\n`)) ?? '';
  await stage.root.writeFile(
    '/etc/apt/sources.list.d/test.sources',
    `${stanza.replace(uri, `http://${archiveHost}/private`)}\n`,
  );
});

afterAll(async () => {
  vi.unstubAllEnvs();
  proxy?.closeAllConnections();
  proxy?.close();
  await stage?.close();
});

async function collect(password: string): Promise<CollectedFacts> {
  await stage.root.writeFile(
    '/etc/apt/auth.conf.d/private.conf',
    `machine http://${archiveHost}/private login archive-user password ${password}\n`,
  );
  const machine = await openMachine({
    root: stage.root.directory,
    workDirectory: join(stage.folder, 'work'),
    access: 'read-only',
  });
  try {
    const cacheDirectory = join(stage.folder, 'cache');
    return await collectFacts({ machine, cacheDirectory, stateFile: null, refresh: true, now: new Date() });
  } finally {
    await machine.close();
  }
}

describe('a private archive behind a proxy', () => {
  it('is refused where its password is wrong, and nobody is told any password', async () => {
    const collected = await collect('wrong-wort');
    const { archives } = collected.facts.offers;
    expect(archives).toMatchObject([{ status: 'unreachable', reason: expect.stringContaining('401') }]);
    const told = JSON.stringify(collected);
    for (const secret of ['wrong-wort', proxyPassword, archivePassword]) expect(told).not.toContain(secret);
  });

  it('is read with what auth.conf.d and the environment say', async () => {
    const { facts } = await collect(archivePassword);
    expect(facts.offers.archives).toMatchObject([
      { status: 'current', address: { uri: `http://${archiveHost}/private` } },
    ]);
    expect(asked.every((url) => url.startsWith(`http://${archiveHost}/`))).toBe(true);
  });
});
