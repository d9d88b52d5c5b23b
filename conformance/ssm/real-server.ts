import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SSMClient } from '@aws-sdk/client-ssm';
import { AdministratorAccess, administratorFile, createLogger, readServerConfig, startServer } from '@patchbay/server';
import { afterAll, beforeAll } from 'vitest';
import { sendJsonCall } from '../../packages/server/src/test-support/send-request.ts';
import type { NodeHost } from '../../packages/server/src/test-support/test-node.ts';

export interface RealServer extends NodeHost {
  readonly accountId: string;
  /** As `patchbay env` reads it. */
  readonly access: AdministratorAccess;
}

/** Starts the whole control plane on its embedded PostgreSQL, in a folder of its own, for the tests of a file. */
export function withRealServer(): () => RealServer {
  let current: RealServer | undefined;
  let stop = async () => {};
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'patchbay-conformance-'));
    const data = join(folder, 'data');
    const config = readServerConfig({ port: '0', data }, {});
    const running = await startServer(config, createLogger({ level: 'warn' }), (error) => {
      throw error;
    });
    const access = AdministratorAccess.parse(JSON.parse(await readFile(administratorFile(data), 'utf8')));
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
    const administrator = { accessKeyId: access.accessKeyId, secretAccessKey: access.secretAccessKey };
    current = {
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
    };
    stop = async () => {
      for (const client of clients) client.destroy();
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    };
  });
  afterAll(() => stop());
  return () => {
    if (!current) throw new Error('The server exists inside of tests and hooks only');
    return current;
  };
}
