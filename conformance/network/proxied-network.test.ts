import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  defaultEnvironment,
  type Machine,
  openMachine,
  openProxiedNetwork,
  type ProxiedNetwork,
  type RefusedRequest,
} from '@patchbay/agent';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { debianRelease, startTestArchives, type TestArchives } from '../support/test-archive.ts';
import { createTestRoot, prepareBaseRoot, type TestRoot } from '../support/test-root.ts';

let folder: string;
let archives: TestArchives<'main'>;
let root: TestRoot;
let network: ProxiedNetwork;
let machine: Machine;
/** A service of the host that nobody allowed. */
let service: Server;
let servicePort: number;
let asked = 0;
const refused: RefusedRequest[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'network-'));
  archives = await startTestArchives({ main: debianRelease });
  await archives.archives.main.publish({ name: 'pb-reached', version: '1.0' });
  root = await createTestRoot({
    base: await prepareBaseRoot(),
    directory: join(folder, 'root'),
    archives: [archives.archives.main],
    keyring: archives.keyring,
  });
  service = createServer((_request, response) => {
    asked += 1;
    response.end('secret of the host');
  });
  await new Promise<void>((resolve) => {
    service.listen(0, '127.0.0.1', resolve);
  });
  servicePort = (service.address() as AddressInfo).port;
  const archive = /URIs: http:\/\/([^/\s]+)/.exec(archives.archives.main.sourcesStanza('/x'))?.[1] ?? '';
  network = await openProxiedNetwork({ allowedHosts: [archive], onRefused: (request) => refused.push(request) });
  machine = await openMachine({
    root: root.directory,
    workDirectory: join(folder, 'work'),
    access: 'read-write',
    network,
  });
});

afterAll(async () => {
  await machine?.close();
  network?.close();
  service?.close();
  await archives?.close();
  await rm(folder, { recursive: true, force: true });
});

async function bash(script: string): Promise<string> {
  const output = await machine.run({ argv: ['bash', '-c', script], timeoutSeconds: 20 });
  return `${output.stdout}${output.stderr}`.trim();
}

/** What the proxy answers to a request in its own words. */
function askProxy(...lines: readonly string[]): Promise<string> {
  const request = [...lines, '', ''].map((line) => `${line}\\r\\n`).join('');
  return bash(`exec 3<>/dev/tcp/127.0.0.1/3128; printf '${request}' >&3; timeout 5 cat <&3`);
}

it('real apt reaches an archive that is allowed, and the network survives the commands in it', async () => {
  const install = 'apt-get -qq update && apt-get -qqy install pb-reached 2>&1 && dpkg-query -W pb-reached';
  for (const record of ['one', 'two']) {
    const output = await machine.run({
      argv: ['bash', '-c', install],
      timeoutSeconds: null,
      uninterruptible: { recordName: record },
    });
    expect(output).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('pb-reached\t1.0') });
  }
  expect(refused).toEqual([]);
});

it('services of the host are out of reach, by themselves and through the proxy, and the attempt is reported', async () => {
  expect(await bash(`exec 3<>/dev/tcp/127.0.0.1/${servicePort}`)).toContain('Connection refused');
  expect(await bash('exec 3<>/dev/tcp/192.0.2.1/80')).toContain('Network is unreachable');
  expect(await bash('cat /proc/net/dev | tail -n +3 | cut -d: -f1')).toBe('lo');
  const host = `127.0.0.1:${servicePort}`;
  expect(await askProxy(`GET http://${host}/ HTTP/1.1`, `Host: ${host}`, 'Connection: close')).toMatch(
    /^HTTP\/1.1 403/,
  );
  expect(await askProxy(`CONNECT ${host} HTTP/1.1`, `Host: ${host}`)).toMatch(
    /^HTTP\/1.1 403[^]*is not among the hosts/,
  );
  expect(refused).toEqual([
    { host: '127.0.0.1', port: servicePort },
    { host: '127.0.0.1', port: servicePort },
  ]);
  expect(asked).toBe(0);
});

it('its proxy cannot be passed by exceptions that whoever runs a command knows of', async () => {
  const environment = { http_proxy: 'http://192.0.2.1:3128', no_proxy: '127.0.0.1', NO_PROXY: '127.0.0.1' };
  const argv = ['sh', '-c', 'echo "$http_proxy<$no_proxy$NO_PROXY>"'] as const;
  const output = await machine.run({
    argv,
    environment: { ...defaultEnvironment, ...environment },
    timeoutSeconds: 20,
  });
  expect(output.stdout).toBe('http://127.0.0.1:3128<>\n');
});

it('the proxy makes tunnels to what is allowed, and takes nothing that is no request for it', async () => {
  const allowed = /http:\/\/([^/\s]+)/.exec(archives.archives.main.sourcesStanza('/x'))?.[1] ?? '';
  const tunnelled = await askProxy(`CONNECT ${allowed} HTTP/1.1`, `Host: ${allowed}`, '', 'GET /none HTTP/1.0');
  expect(tunnelled).toMatch(/^HTTP\/1.1 200 Connection established[^]*404/);
  expect(await askProxy('GET / HTTP/1.1', `Host: ${allowed}`)).toMatch(/^HTTP\/1.1 400/);
  expect(await askProxy('CONNECT nowhere HTTP/1.1', 'Host: x')).toMatch(/^HTTP\/1.1 400/);
});

it('a machine without such a network is in that of the host', async () => {
  const plain = await openMachine({ root: root.directory, workDirectory: join(folder, 'plain'), access: 'read-only' });
  const output = await plain.run({
    argv: ['bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${servicePort} && echo "in\${http_proxy}"`],
    timeoutSeconds: 20,
  });
  await plain.close();
  expect(output.stdout).toBe('in\n');
});

it('ends with its close, for commands too', async () => {
  const other = await openProxiedNetwork({ allowedHosts: [], onRefused: () => {} });
  const options = {
    root: root.directory,
    workDirectory: join(folder, 'other'),
    access: 'read-only',
    network: other,
  } as const;
  const opened = await openMachine(options);
  other.close();
  await expect(opened.run({ argv: ['true'], timeoutSeconds: 20 })).rejects.toMatchObject({ code: 'ENTRY_FAILED' });
  await opened.close();
});
