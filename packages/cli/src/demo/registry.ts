import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DemoError } from './demo-error.ts';

export interface DemoRegistry {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  stop(): Promise<void>;
}

/**
 * Debian's docker-registry, unpacked and not installed: its package would start a service for everybody on port 5000.
 * apt fetches it, and verifies what it fetches.
 */
async function obtainProgram(cacheDirectory: string): Promise<string> {
  const directory = join(cacheDirectory, 'docker-registry');
  const program = join(directory, 'usr/bin/docker-registry');
  if (
    await access(program).then(
      () => true,
      () => false,
    )
  )
    return program;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const run = promisify(execFile);
  try {
    await run('apt-get', ['download', '--quiet', 'docker-registry'], { cwd: directory });
    const [file = ''] = await readdir(directory);
    await run('dpkg-deb', ['--extract', join(directory, file), directory]);
  } catch (cause) {
    const why = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : String(cause);
    throw new DemoError(
      'COMMAND_FAILED',
      `Debian's docker-registry could not be fetched (after apt-get update?): ${why}`,
      {
        cause,
      },
    );
  }
  return program;
}

/** Starts a registry on a free port of loopback, with nothing in it. */
export async function startRegistry(cacheDirectory: string, directory: string): Promise<DemoRegistry> {
  const program = await obtainProgram(cacheDirectory);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const address = `127.0.0.1:${await findFreePort()}`;
  const configuration = join(directory, 'config.yml');
  await writeFile(
    configuration,
    `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage:
  filesystem: { rootdirectory: ${JSON.stringify(join(directory, 'data'))} }
http: { addr: "${address}" }
`,
  );
  // It ends with us, however we end, and not by the Ctrl-C that is meant for us.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, 'serve', configuration], {
    stdio: 'ignore',
    detached: true,
  });
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  for (let tries = 0; tries < 100 && child.exitCode === null; tries += 1) {
    const response = await fetch(`http://${address}/v2/`).catch(() => null);
    await response?.body?.cancel();
    if (response?.ok === true) return { address, stop };
    await sleep(100);
  }
  await stop();
  throw new DemoError('COMMAND_FAILED', "Debian's docker-registry does not answer.");
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address === 'object' && address !== null) return address.port;
  throw new DemoError('COMMAND_FAILED', 'There is no free port on 127.0.0.1.');
}
