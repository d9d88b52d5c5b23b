import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { openMachine, openProxiedNetwork, type ProxiedNetwork, type RefusedRequest } from '@patchbay/agent';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type ForwardProxy, type ForwardProxyOptions, startForwardProxy } from '../support/forward-proxy.ts';
import { basicAuthorization, createTestCertificate } from '../support/guarded-archive.ts';
import { runTool, tryTool } from '../support/run-tool.ts';
import { debianRelease, startTestArchives } from '../support/test-archive.ts';
import { createTestRoot, prepareBaseRoot, testKeyringPath } from '../support/test-root.ts';

/** `@` and `:` must be encoded in the address. */
const login = { user: 'us:er', password: `p@ss:${randomBytes(12).toString('hex')}` };
const userInfo = `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}`;
/** Of this machine, but no name and no loopback: something that can be reached without a proxy. */
const ownAddress = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === 'IPv4' && !address.internal)?.address;

let service: Server;
let port: number;
let proxy: ForwardProxy;
let network: ProxiedNetwork | undefined;
let refused: RefusedRequest[];
/** All that was seen inside. */
let seen: string;
const closes: (() => unknown)[] = [];

beforeAll(async () => {
  service = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { host, 'proxy-authorization': secret = 'none' } = request.headers;
      response.setHeader('x-end', 'kept');
      response.end(`${request.method} ${request.url} at ${host}, ${secret}: ${Buffer.concat(chunks).toString()}`);
    });
  });
  service.listen(0, '0.0.0.0');
  await once(service, 'listening');
  port = (service.address() as AddressInfo).port;
});

beforeEach(() => {
  refused = [];
  seen = '';
});

afterEach(async () => {
  network?.close();
  network = undefined;
  for (const close of closes.splice(0)) await close();
});

afterAll(() => service?.close());

async function openProxy(options: Partial<ForwardProxyOptions> = {}): Promise<void> {
  const names = new Map([
    [`web.example:${port}`, `127.0.0.1:${port}`],
    ['web.example:80', `127.0.0.1:${port}`],
  ]);
  proxy = await startForwardProxy({ names, ...options });
  closes.push(() => proxy.close());
}

async function openNetwork(address: string, no_proxy = ''): Promise<void> {
  network?.close();
  network = await openProxiedNetwork({
    allowedHosts: ['web.example', `web.example:${port}`, `127.0.0.1:${port}`, `${ownAddress ?? '192.0.2.1'}:${port}`],
    onRefused: (request) => refused.push(request),
    proxies: { http_proxy: address, https_proxy: address, ...(no_proxy === '' ? {} : { no_proxy }) },
  });
}

function setVariable(name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  closes.push(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

/** What curl says inside, with all headers on both of its ways. */
async function curl(...words: readonly string[]): Promise<string> {
  const { entry = [], environment = {} } = network ?? {};
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const [first = '', ...rest] = [...entry, 'env', ...variables, 'curl', '-sSv', '--max-time', '20', ...words];
  const { stdout, stderr } = await tryTool([first, ...rest]);
  seen += `${stdout}${stderr}${variables.join(' ')}`;
  return `${stdout}${stderr}`;
}

function expectNoSecret(): void {
  const secrets = [login.password, encodeURIComponent(login.password), basicAuthorization(login).slice(6)];
  for (const secret of secrets) expect(seen + JSON.stringify(refused)).not.toContain(secret);
}

it('requests and tunnels go on through it, with its password, which nobody inside sees', async () => {
  await openProxy({ login });
  await openNetwork(`http://${userInfo}@127.0.0.1:${proxy.port}/`);
  expect(await curl('-d', 'body', `http://web.example:${port}//other.example/a?b=c`)).toContain(
    `POST //other.example/a?b=c at web.example:${port}, none: body`,
  );
  const answer = await curl('-H', 'Proxy-Authorization: own', 'http://web.example/');
  expect(answer).toContain('GET / at web.example, none: ');
  expect(answer).toContain('< x-end: kept');
  expect(answer).not.toMatch(/proxy-authentication-info/i);
  expect(await curl('--proxytunnel', '-H', 'x: y', `http://web.example:${port}/through`)).toContain(
    `GET /through at web.example:${port}, none: `,
  );
  expect(proxy.passed).toEqual([
    `POST http://web.example:${port}//other.example/a?b=c`,
    'GET http://web.example/',
    `CONNECT web.example:${port}`,
  ]);
  expect(proxy.headers.map((headers) => headers['proxy-authorization'])).toEqual(
    Array(3).fill(basicAuthorization(login)),
  );
  expect(await curl('-X', 'TRACE', 'http://web.example/')).toContain('405 Method Not Allowed');
  expect(proxy.asked).toHaveLength(3);
  expect(refused).toEqual([]);
  expectNoSecret();
});

it('what is not allowed never reaches it', async () => {
  await openProxy();
  await openNetwork(`http://127.0.0.1:${proxy.port}`);
  for (const words of [[], ['--proxytunnel']]) {
    expect(await curl(...words, 'http://other.example/')).toContain('403');
    expect(await curl(...words, 'http://web.example:22/')).toContain('403');
    expect(await curl(...words, 'http://127.0.0.1:22/')).toContain('403');
  }
  expect(proxy.asked).toEqual([]);
  expect(refused).toHaveLength(6);
});

it('is not asked for hosts of no_proxy, or for this machine', async () => {
  await openProxy();
  await openNetwork(`http://127.0.0.1:${proxy.port}`, `${ownAddress},web.example:80`);
  for (const words of [[], ['--proxytunnel']]) {
    for (const host of ['127.0.0.1', ...(ownAddress === undefined ? [] : [ownAddress])]) {
      expect(await curl(...words, `http://${host}:${port}/direct`)).toContain(`GET /direct at ${host}:${port}, none: `);
    }
    // Nobody but the proxy knows the name.
    expect(await curl(...words, 'http://web.example/')).toContain('502');
  }
  expect(proxy.asked).toEqual([]);
  await curl(`http://web.example:${port}/`);
  expect(proxy.passed).toEqual([`GET http://web.example:${port}/`]);
});

it('answers 502 where it wants another password, cannot reach a host, or is away, and shows no secret', async () => {
  await openProxy({ login: { ...login, user: 'another' }, names: new Map() });
  await openNetwork(`http://${userInfo}@127.0.0.1:${proxy.port}`);
  const reason = 'The proxy that this machine goes through';
  for (const words of [[], ['--proxytunnel', '--suppress-connect-headers']]) {
    const answer = await curl(...words, 'http://web.example/');
    expect(answer).toContain(`502 ${reason} answered with status 407`);
    expect(answer).not.toMatch(/proxy-authenticate|x-refused|not by/i);
  }
  expect(proxy.asked).toEqual(['GET http://web.example/', 'CONNECT web.example:80']);
  expectNoSecret();
  proxy.close();
  for (const words of [[], ['--proxytunnel']]) {
    expect(await curl(...words, 'http://web.example/')).toContain(`502 ${reason} gave no answer (ECONNREFUSED)`);
  }
  await openProxy({ names: new Map() });
  await openNetwork(`http://127.0.0.1:${proxy.port}`);
  expect(await curl('http://web.example/')).toMatch(/HTTP\/1.1 504/);
  expect(await curl('--proxytunnel', 'http://web.example/')).toContain(`502 ${reason} answered with status 504`);
  expectNoSecret();
});

it('may speak TLS itself', async () => {
  const certificate = await createTestCertificate('localhost');
  const trusted = getCACertificates('default');
  closes.push(() => setDefaultCACertificates(trusted));
  await openProxy({ login, certificate });
  await openNetwork(`https://${userInfo}@localhost:${proxy.port}`);
  expect(await curl('http://web.example/')).toContain('502 The proxy that this machine goes through gave no answer');
  expect(await curl('--proxytunnel', 'http://web.example/')).toContain('502 The proxy that this machine goes through');
  expect(proxy.asked).toEqual([]);
  setDefaultCACertificates([...trusted, certificate.certificate]);
  expect(await curl('http://web.example/')).toContain('GET / at web.example, none: ');
  expect(await curl('--proxytunnel', 'http://web.example/')).toContain('GET / at web.example, none: ');
  expect(proxy.passed).toEqual(['GET http://web.example/', 'CONNECT web.example:80']);
  expectNoSecret();
});

it('is refused as the network opens where it is none', async () => {
  const proxies = { http_proxy: `socks5://${userInfo}@127.0.0.1:1080` };
  const opening = openProxiedNetwork({ allowedHosts: [], onRefused: () => {}, proxies });
  await expect(opening).rejects.toMatchObject({ code: 'INVALID_PROXY' });
});

it('ends its tunnels with the close of the network, and with that of whoever is inside', async () => {
  let open = 0;
  let opened = 0;
  const silent = createTcpServer((socket) => {
    opened += 1;
    open += 1;
    // What is not read never ends.
    socket.resume().on('close', () => {
      open -= 1;
    });
  });
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  closes.push(() => silent.close());
  await openProxy({ names: new Map([['web.example:80', `127.0.0.1:${(silent.address() as AddressInfo).port}`]]) });
  await openNetwork(`http://127.0.0.1:${proxy.port}`);
  await curl('--proxytunnel', '--max-time', '1', 'http://web.example/');
  await curl('--max-time', '1', 'http://web.example/');
  expect(proxy.passed).toHaveLength(2);
  await expect.poll(() => open).toBe(0);
  // A proxy that takes connections and says nothing.
  await openNetwork(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  for (const words of [['--proxytunnel'], []]) {
    expect(await curl(...words, '--max-time', '1', 'http://web.example/')).toContain('timed out');
    await expect.poll(() => open).toBe(0);
  }
  expect(opened).toBe(4);
  await openNetwork(`http://127.0.0.1:${proxy.port}`);
  const waiting = [curl('--proxytunnel', 'http://web.example/'), curl('http://web.example/')];
  await expect.poll(() => open).toBe(2);
  network?.close();
  network = undefined;
  await expect.poll(() => open).toBe(0);
  await Promise.all(waiting);
});

it('real apt in a root installs through that of the environment from an archive that only the proxy knows', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'upstream-'));
  const archives = await startTestArchives({ main: debianRelease });
  closes.push(
    () => archives.close(),
    () => rm(folder, { recursive: true, force: true }),
  );
  const { main } = archives.archives;
  await main.publish({ name: 'pb-far', version: '1.0' });
  const directory = join(folder, 'root');
  const root = await createTestRoot({
    base: await prepareBaseRoot(),
    directory,
    archives: [main],
    keyring: archives.keyring,
  });
  const host = new URL(main.uri).host;
  const stanza = main.sourcesStanza(testKeyringPath).replace(host, 'web.example');
  await runTool(['find', join(directory, 'etc/apt/sources.list.d'), '-type', 'f', '-delete']);
  await root.writeFile('/etc/apt/sources.list.d/far.sources', stanza);
  await openProxy({ login, names: new Map([['web.example:80', host]]) });
  setVariable('http_proxy', `http://${userInfo}@127.0.0.1:${proxy.port}`);
  network = await openProxiedNetwork({ allowedHosts: ['web.example'], onRefused: () => {} });
  const workDirectory = join(folder, 'work');
  const machine = await openMachine({ root: directory, workDirectory, access: 'read-write', network });
  const look = 'env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline; true';
  const install = `apt-get update && apt-get -y install pb-far && dpkg-query -W pb-far && { ${look}; }`;
  const output = await machine.run({ argv: ['bash', '-c', install], timeoutSeconds: 60 });
  seen += `${output.stdout}${output.stderr}`;
  expect(output).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('pb-far\t1.0') });
  expect(proxy.passed.every((line) => line.startsWith('GET http://web.example/main/'))).toBe(true);
  expect(proxy.passed.length).toBeGreaterThan(2);
  proxy.close();
  const without = await machine.run({ argv: ['apt-get', '-oAcquire::Retries=0', 'update'], timeoutSeconds: 60 });
  seen += `${without.stdout}${without.stderr}`;
  expect(without.stderr).toContain('502  The proxy that this machine goes through gave no answer (ECONNREFUSED)');
  expectNoSecret();
  await machine.close();
});
