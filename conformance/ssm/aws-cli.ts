import { execFile } from 'node:child_process';
import { accessSync, constants, realpathSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { parseAwsCliVersion, understandsEndpointVariable } from '../../packages/cli/src/aws-cli.ts';
import { shellLines } from '../../packages/cli/src/commands/env.ts';
import type { RealServer } from './real-server.ts';

/** Where Debian's package awscli puts it. */
const debianAwsCli = '/usr/bin/aws';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The aws CLI of Debian, which must be there, and the one that a shell would find, where that is another. */
export function findAwsClis(): string[] {
  if (!isExecutable(debianAwsCli)) throw new Error(`There is no ${debianAwsCli}: install Debian's package awscli`);
  const first = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'aws'))
    .find(isExecutable);
  const isOther = first !== undefined && realpathSync(first) !== realpathSync(debianAwsCli);
  return isOther ? [first, debianAwsCli] : [debianAwsCli];
}

/** Stands where the way out would be: it notes who asks for whom, and lets nobody through. */
export interface WayOut {
  readonly url: string;
  /** The first line of each request: `CONNECT ssm.us-east-1.amazonaws.com:443 HTTP/1.0`. */
  readonly attempts: readonly string[];
  close(): Promise<void>;
}

export async function watchWayOut(): Promise<WayOut> {
  const attempts: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (chunk) => {
      attempts.push(chunk.toString().split('\r\n')[0] ?? '');
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    attempts,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface AwsCli {
  readonly version: string;
  readonly isTooOld: boolean;
  /** Runs one line in a shell that has evaluated the lines of `patchbay env`. */
  run(line: string): Promise<CliResult>;
  /** The same, for a line that must succeed and print JSON. */
  json(line: string): Promise<Record<string, unknown>>;
}

/** A shell with one particular aws CLI, no other configuration, and a watched way out. */
export async function openAwsCli(path: string, server: RealServer, wayOut: WayOut): Promise<AwsCli> {
  const environment = {
    ...process.env,
    PATH: `${dirname(path)}${delimiter}${process.env.PATH}`,
    AWS_CONFIG_FILE: '/nonexistent/config',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
    HTTP_PROXY: wayOut.url,
    HTTPS_PROXY: wayOut.url,
    http_proxy: wayOut.url,
    https_proxy: wayOut.url,
    NO_PROXY: '127.0.0.1',
    no_proxy: '127.0.0.1',
  };
  const shell = async (script: string): Promise<CliResult> =>
    await new Promise((resolve) => {
      execFile('sh', ['-c', script], { env: environment, timeout: 60_000 }, (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ exitCode, stdout, stderr });
      });
    });
  const { stdout, stderr } = await shell('aws --version');
  const version = parseAwsCliVersion(`${stdout}${stderr}`);
  if (!version) throw new Error(`${path} does not say its version: ${stdout}${stderr}`);
  const isTooOld = !understandsEndpointVariable(version);
  const preparation = shellLines(server.access, isTooOld).join('\n');
  const run = async (line: string) => await shell(`${preparation}\n${line}`);
  return {
    version: `${version.major}.${version.minor}.${version.patch}`,
    isTooOld,
    run,
    json: async (line) => {
      const result = await run(line);
      if (result.exitCode !== 0) throw new Error(`${line} ended with ${result.exitCode}: ${result.stderr}`);
      return JSON.parse(result.stdout === '' ? '{}' : result.stdout) as Record<string, unknown>;
    },
  };
}
