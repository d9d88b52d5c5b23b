import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Credentials } from '@patchbay/aws-wire';
import { AdministratorAccess, administratorFile } from '@patchbay/server';
import { createDataFolder } from '../ssm/real-server.ts';
import type { ServerMessage } from './fuzzed-server.ts';

/** A control plane with its own PostgreSQL, in another process. */
export interface FuzzedServer {
  readonly url: string;
  readonly accountId: string;
  readonly region: string;
  readonly administrator: Credentials;
  /** Bytes of the heap that are still in use after garbage was collected. */
  measureHeap(): Promise<number>;
  /** How the process ended, if it did. */
  ending(): string | undefined;
  /** What it logged as warning or worse. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

const longestLogLines = 2_000;

export async function startFuzzedServer(): Promise<FuzzedServer> {
  const folder = await createDataFolder();
  const child = fork(join(import.meta.dirname, 'fuzzed-server.ts'), [folder.data], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  const log: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log.push(text);
    if (log.length > longestLogLines) log.shift();
  });
  let ending: string | undefined;
  const ended = once(child, 'exit');
  child.once('exit', (code, signal) => {
    ending = `ended with ${code ?? signal}`;
  });
  const stop = async () => {
    if (ending === undefined) child.disconnect();
    await ended;
    await folder.remove();
  };
  try {
    const ready = await next(child, 'ready', () => log.join(''));
    const access = AdministratorAccess.parse(JSON.parse(await readFile(administratorFile(folder.data), 'utf8')));
    return {
      url: ready.url,
      accountId: ready.accountId,
      region: access.region,
      administrator: { accessKeyId: access.accessKeyId, secretAccessKey: access.secretAccessKey },
      measureHeap: async () => {
        child.send('heap');
        return (await next(child, 'heap', () => log.join(''))).bytes;
      },
      ending: () => ending,
      log,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The next message of the kind; fails when the process ends before. */
async function next<Kind extends ServerMessage['kind']>(
  child: ChildProcess,
  kind: Kind,
  output: () => string,
): Promise<Extract<ServerMessage, { kind: Kind }>> {
  return await new Promise((resolve, reject) => {
    const onExit = () => reject(new Error(`The server ended:\n${output()}`));
    const onMessage = (message: unknown) => {
      const received = message as ServerMessage;
      if (received.kind !== kind) return;
      child.off('exit', onExit);
      child.off('message', onMessage);
      resolve(received as Extract<ServerMessage, { kind: Kind }>);
    };
    child.on('exit', onExit);
    child.on('message', onMessage);
  });
}
