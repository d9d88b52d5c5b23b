import { randomBytes } from 'node:crypto';
import { copyFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import {
  CreatePatchBaselineCommand,
  DescribePatchBaselinesCommand,
  GetCommandInvocationCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { prepareDataDirectory } from '@patchbay/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAdministratorAccess } from '../../packages/cli/src/administrator-access.ts';
import { openDataDirectory } from '../../packages/server/src/data-directory/index.ts';
import { startEmbeddedPostgres } from '../../packages/server/src/database/index.ts';
import { readOrCreateKeyFile } from '../../packages/server/src/secrets/index.ts';
import { sendJsonCall } from '../../packages/server/src/test-support/send-request.ts';
import { enrolNode, type NodeHost, type TestNode } from '../../packages/server/src/test-support/test-node.ts';
import { createDataFolder } from '../ssm/real-server.ts';
import { type PatchbayProcess, startPatchbay } from '../support/patchbay-process.ts';

/** A load balancer of the plainest kind: each connection goes to the next of those that accept one. */
async function startProxy(targets: readonly URL[]) {
  const sockets = new Set<Socket>();
  let turn = 0;
  const forward = (client: Socket, left: number) => {
    const target = targets[turn++ % targets.length];
    if (!target || left === 0) return client.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    sockets.add(upstream);
    let isConnected = false;
    upstream.once('connect', () => {
      isConnected = true;
      client.pipe(upstream).pipe(client);
    });
    upstream.on('error', () => (isConnected ? client.destroy() : forward(client, left - 1)));
    upstream.on('close', () => (isConnected ? client.destroy() : undefined));
    client.on('close', () => upstream.destroy());
    return client;
  };
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => {});
    forward(client, targets.length);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

interface Replica {
  readonly process: PatchbayProcess;
  readonly url: string;
}

describe('two control planes on one PostgreSQL', () => {
  let folder: Awaited<ReturnType<typeof createDataFolder>>;
  let stopPostgres = async () => {};
  let databaseUrl = '';
  let replicas: Replica[] = [];
  const clients: SSMClient[] = [];
  const place = (name: string) => join(folder.data, '..', name);

  const startReplica = (name: string) =>
    startPatchbay(['up', '--port', '0', '--data', place(name), '--database-url', databaseUrl]);
  const ready = async (process: PatchbayProcess): Promise<Replica> => ({
    process,
    url: (await process.waitFor(/^ready (\S+)$/m))[1] ?? '',
  });
  const hostAt = async (url: string): Promise<NodeHost> => {
    const access = await readAdministratorAccess(place('a'));
    const createClient: NodeHost['createClient'] = (credentials, region = access.region) => {
      const { accessKeyId, secretAccessKey, sessionToken } = credentials;
      const client = new SSMClient({
        endpoint: url,
        region,
        credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
        maxAttempts: 5,
      });
      clients.push(client);
      return client;
    };
    return {
      url,
      administrator: access,
      now: () => new Date(),
      ssm: createClient(access),
      createClient,
      call: async (target, input, options = {}) =>
        await sendJsonCall(url, {
          target,
          service: options.service ?? 'ssm',
          region: options.region ?? access.region,
          credentials: options.credentials ?? access,
          now: new Date(),
          body: JSON.stringify(input),
        }),
    };
  };
  const at = (index: number): Replica => {
    const replica = replicas[index];
    if (!replica) throw new RangeError(`There is no replica ${index}`);
    return replica;
  };
  const send = async (ssm: SSMClient, node: TestNode) => {
    const { Command } = await ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [node.instanceId],
        Parameters: { commands: ['true'] },
      }),
    );
    return Command?.CommandId ?? '';
  };

  beforeAll(async () => {
    folder = await createDataFolder();
    const owner = await openDataDirectory(place('postgres'));
    const postgres = await startEmbeddedPostgres({ dataDirectory: owner });
    stopPostgres = async () => {
      await postgres.stop();
      await owner.close();
    };
    databaseUrl = `postgres://patchbay@localhost/postgres?host=${encodeURIComponent(owner.run)}`;
    const first = await prepareDataDirectory(place('a'));
    await readOrCreateKeyFile(first.key, randomBytes);
    const second = await prepareDataDirectory(place('b'));
    await copyFile(first.key, second.key);
    // Both at once on an empty database: one of them makes the schema, the other waits for it.
    replicas = await Promise.all([startReplica('a'), startReplica('b')].map(ready));
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    for (const { process } of replicas) await process.end('SIGTERM');
    await stopPostgres();
    await folder.remove();
  });

  it('are one installation with one administrator, though both began on an empty database', async () => {
    const [a, b] = [await readAdministratorAccess(place('a')), await readAdministratorAccess(place('b'))];
    expect({ ...b, endpoint: a.endpoint }).toEqual(a);
  });

  it('deliver on either what was sent to the other, at once', async () => {
    const [a, b] = [await hostAt(at(0).url), await hostAt(at(1).url)];
    const node = await enrolNode(b);
    const poll = node.getMessages();
    await node.ping();
    const sentAt = performance.now();
    const commandId = await send(a.ssm, node);
    const [message] = await poll;
    expect(message?.MessageId).toBe(`aws.ssm.${commandId}.${node.instanceId}`);
    // Woken by a notification; the poll's own look comes every two seconds only.
    expect(performance.now() - sentAt).toBeLessThan(1_900);
    await node.acknowledge(message?.MessageId ?? '');
    await node.reply(message?.MessageId ?? '', { documentStatus: 'Success', runtimeStatus: {} });
    const read = new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: node.instanceId });
    expect(await a.ssm.send(read)).toMatchObject({ Status: 'Success' });
    expect((await fetch(`${at(0).url}/readyz`)).status).toBe(200);
  });

  it('lose nothing behind a proxy when one of them is killed', async () => {
    const proxy = await startProxy(replicas.map(({ url }) => new URL(url)));
    try {
      const host = await hostAt(proxy.url);
      const node = await enrolNode(host);
      const names: string[] = [];
      const create = async (number: number) => {
        const Name = `replica-${number}`;
        await host.ssm.send(
          new CreatePatchBaselineCommand({ Name, OperatingSystem: 'DEBIAN', ClientToken: `token-${number}` }),
        );
        names.push(Name);
      };
      const work = (async () => {
        for (let number = 0; number < 30; number += 1) await create(number);
      })();
      const waiting = await send(host.ssm, node);
      at(0).process.signal('SIGKILL');
      await work;
      const { BaselineIdentities = [] } = await host.ssm.send(
        new DescribePatchBaselinesCommand({ Filters: [{ Key: 'OWNER', Values: ['Self'] }], MaxResults: 100 }),
      );
      const found = BaselineIdentities.map(({ BaselineName }) => BaselineName).filter((name) =>
        name?.startsWith('replica-'),
      );
      // What was answered is there, and once, also where the answer was lost and the SDK asked again.
      expect(found).toHaveLength(names.length);
      expect(new Set(found)).toEqual(new Set(names));
      const [message] = await node.getMessages();
      expect(message?.MessageId).toBe(`aws.ssm.${waiting}.${node.instanceId}`);

      // It comes back in its place, and serves what happened meanwhile.
      const back = await ready(startReplica('a'));
      replicas = [back, at(1)];
      const again = await hostAt(back.url);
      expect(
        (await again.ssm.send(new DescribePatchBaselinesCommand({ MaxResults: 100 }))).BaselineIdentities?.length,
      ).toBeGreaterThanOrEqual(30);
    } finally {
      proxy.close();
    }
  });

  it('say that they are not ready while PostgreSQL is away', async () => {
    await stopPostgres();
    stopPostgres = async () => {};
    const answer = await fetch(`${at(1).url}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ reasons: [{ check: 'database' }] });
    expect((await fetch(`${at(1).url}/healthz`)).status).toBe(200);
    expect((await fetch(`${at(1).url}/metrics`)).status).toBe(200);
    const lines = at(1).process.output().split('\n');
    const entries = lines.flatMap((line) =>
      line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : [],
    );
    expect(entries.find(({ operation }) => operation === 'ssm:CreatePatchBaseline')).toMatchObject({
      msg: 'request',
      principal: expect.stringContaining(':user/administrator'),
      result: 'success',
      requestId: expect.any(String),
      milliseconds: expect.any(Number),
    });
  });
});

describe('a port that is taken', () => {
  it('is found before anything is started', async () => {
    const folder = await createDataFolder();
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', resolve);
    });
    const address = other.address();
    const port = String(typeof address === 'object' ? address?.port : '');
    try {
      const server = startPatchbay(['up', '--port', port, '--data', folder.data]);
      await server.waitFor(/Something else listens/);
      expect(await server.end('SIGCONT')).toMatchObject({ code: 2 });
      expect(server.output()).not.toContain('PostgreSQL');
    } finally {
      other.close();
      await folder.remove();
    }
  });
});
