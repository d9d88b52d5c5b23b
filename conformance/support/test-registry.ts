import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTool } from './run-tool.ts';

/** A real registry (Debian's docker-registry) on a loopback port. */
export interface TestRegistry {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** Of its own, removed with it. */
  readonly folder: string;
  /** Ends it at once, as a power cut would. */
  kill(): void;
  close(): Promise<void>;
}

export interface TestRegistryOptions {
  /** Lets only this user in. */
  readonly user?: { readonly name: string; readonly password: string };
  /** Files of a certificate and its key: it speaks TLS then. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

export async function startTestRegistry({ user, tls }: TestRegistryOptions = {}): Promise<TestRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'registry-'));
  const port = await findFreePort();
  const address = `127.0.0.1:${port}`;
  await mkdir(join(folder, 'data'));
  const passwords = join(folder, 'htpasswd');
  if (user !== undefined) await writeFile(passwords, await runTool(['htpasswd', '-Bbn', user.name, user.password]));
  const auth = user === undefined ? '' : `auth:\n  htpasswd: { realm: test, path: ${passwords} }\n`;
  const tlsSetting = tls === undefined ? '' : `, tls: { certificate: ${tls.certificate}, key: ${tls.key} }`;
  const configuration = join(folder, 'config.yml');
  await writeFile(
    configuration,
    `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage:
  filesystem: { rootdirectory: ${folder}/data }
  delete: { enabled: true }
  maintenance: { uploadpurging: { enabled: false } }
http: { addr: "${address}", secret: test${tlsSetting} }
${auth}`,
  );
  const child = spawn('docker-registry', ['serve', configuration], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'] },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await waitUntilItAnswers(`http://${address}/v2/`, child);
  return {
    address,
    folder,
    kill: () => child.kill('SIGKILL'),
    async close() {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function waitUntilItAnswers(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200 && child.exitCode === null; attempt += 1) {
    const response = await fetch(url).catch(() => null);
    await response?.body?.cancel();
    // One that speaks TLS says that this is none.
    if (response !== null && [200, 400, 401].includes(response.status)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('docker-registry does not answer');
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
