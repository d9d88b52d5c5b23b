import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SSMClient } from '@aws-sdk/client-ssm';
import {
  AdministratorAccess,
  administratorFile,
  createLogger,
  readServerConfig,
  type ServerFlags,
  startServer,
} from '@patchbay/server';
import { afterAll, beforeAll } from 'vitest';
import { sendJsonCall } from '../../packages/server/src/test-support/send-request.ts';
import type { NodeHost } from '../../packages/server/src/test-support/test-node.ts';

/** The whole control plane on its embedded PostgreSQL. */
export interface RealServer extends NodeHost {
  readonly accountId: string;
  /** As `patchbay env` reads it. */
  readonly access: AdministratorAccess;
}

/** Starts one in a data directory, which is made where it is missing; on its embedded PostgreSQL or on another. */
export async function startRealServer(
  data: string,
  databaseUrl?: string,
  flags: ServerFlags = {},
): Promise<RealServer & { stop(): Promise<void> }> {
  const config = readServerConfig({ port: '0', data, databaseUrl, ...flags }, {});
  const running = await startServer(config, createLogger({ level: 'warn' }), (error) => {
    throw error;
  });
  const access = AdministratorAccess.parse(JSON.parse(await readFile(administratorFile(data), 'utf8')));
  const administrator = { accessKeyId: access.accessKeyId, secretAccessKey: access.secretAccessKey };
  const clients: SSMClient[] = [];
  const createClient: RealServer['createClient'] = (credentials, region = access.region) => {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const client = new SSMClient({
      endpoint: running.url,
      region,
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    });
    clients.push(client);
    return client;
  };
  return {
    url: running.url,
    accountId: running.accountId,
    access,
    administrator,
    now: () => new Date(),
    createClient,
    ssm: createClient(administrator),
    call: async (target, input, options = {}) =>
      await sendJsonCall(running.url, {
        target,
        service: options.service ?? 'ssm',
        region: options.region ?? access.region,
        credentials: options.credentials ?? administrator,
        now: options.now ?? new Date(),
        body: JSON.stringify(input),
      }),
    stop: async () => {
      for (const client of clients) client.destroy();
      await running.stop();
    },
  };
}

/** A folder for a data directory, and what removes it. */
export async function createDataFolder(): Promise<{ readonly data: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'patchbay-conformance-'));
  return {
    data: join(folder, 'data'),
    remove: async () => await rm(folder, { recursive: true, force: true }),
  };
}

/** Starts a server in a folder of its own, for the tests of a file. */
export function withRealServer(flags: ServerFlags = {}): () => RealServer {
  let current: RealServer | undefined;
  let stop = async () => {};
  beforeAll(async () => {
    const folder = await createDataFolder();
    const server = await startRealServer(folder.data, undefined, flags);
    current = server;
    stop = async () => {
      await server.stop();
      await folder.remove();
    };
  });
  afterAll(() => stop());
  return () => {
    if (!current) throw new Error('The server exists inside of tests and hooks only');
    return current;
  };
}
