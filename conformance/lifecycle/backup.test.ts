import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateActivationCommand,
  CreatePatchBaselineCommand,
  DescribeInstanceInformationCommand,
  DescribePatchBaselinesCommand,
  GetCommandInvocationCommand,
  GetPatchBaselineCommand,
  ListCommandsCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import { GetSigningKey } from '@patchbay/contracts';
import { layoutDataDirectory } from '@patchbay/server';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientConfig, embeddedConnection } from '../../packages/server/src/database/index.ts';
import { installedPackage, sampleFacts, securityOffer } from '../../packages/server/src/test-support/sample-facts.ts';
import { enrolNode, type NodeHost, type TestNode } from '../../packages/server/src/test-support/test-node.ts';
import { createDataFolder, type RealServer, startRealServer } from '../ssm/real-server.ts';
import { runPatchbay } from '../support/patchbay-process.ts';
import { runTool } from '../support/run-tool.ts';

type StartedServer = Awaited<ReturnType<typeof startRealServer>>;

/** A host whose server can be another one later, as behind a DNS name. */
function movableHost(server: () => RealServer): NodeHost {
  return {
    get url() {
      return server().url;
    },
    get ssm() {
      return server().ssm;
    },
    get administrator() {
      return server().administrator;
    },
    now: () => new Date(),
    createClient: (...parameters) => server().createClient(...parameters),
    call: async (...parameters) => await server().call(...parameters),
  };
}

/** Every table of our schema with the digest of its rows, whatever their order. */
async function digestTables(data: string): Promise<Map<string, string>> {
  const client = new Client(clientConfig(embeddedConnection(layoutDataDirectory(data))));
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select relname as name from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition order by 1`,
    );
    const digests = new Map<string, string>();
    for (const { name } of tables) {
      const { rows } = await client.query<{ digest: string }>(
        `select count(*) || ' ' || coalesce(md5(string_agg(row::text, '|' order by row::text)), '') as digest from ${name} row`,
      );
      digests.set(name, rows[0]?.digest ?? '');
    }
    return digests;
  } finally {
    await client.end();
  }
}

describe('a backup', () => {
  let folder: Awaited<ReturnType<typeof createDataFolder>>;
  let current: StartedServer;
  let node: TestNode;
  const passphrase = 'correct horse battery staple';
  const place = (name: string) => join(folder.data, '..', name);
  const send = async (comment: string) => {
    const { Command } = await current.ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [node.instanceId],
        Comment: comment,
        Parameters: { commands: ['true'] },
      }),
    );
    return Command?.CommandId ?? '';
  };
  const messageOf = (commandId: string) => `aws.ssm.${commandId}.${node.instanceId}`;
  const deliver = async (commandId: string) => {
    const [message] = await node.getMessages();
    expect(message?.MessageId).toBe(messageOf(commandId));
    await node.acknowledge(messageOf(commandId));
  };
  const reply = async (commandId: string) =>
    await node.callEc2Messages('SendReply', {
      MessageId: messageOf(commandId),
      ReplyId: crypto.randomUUID(),
      Payload: JSON.stringify({
        documentStatus: 'Success',
        runtimeStatus: { runShellScript: { status: 'Success', code: 0, standardOutput: 'done' } },
      }),
    });
  const invocationOf = async (CommandId: string) =>
    await current.ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId: node.instanceId }));
  const backUp = async (output: string) =>
    await runPatchbay(['backup', output, '--data', folder.data, '--passphrase-file', place('passphrase')]);
  const restore = async (file: string, data: string, ...more: string[]) =>
    await runPatchbay(['restore', file, '--data', data, '--passphrase-file', place('passphrase'), ...more]);

  beforeAll(async () => {
    folder = await createDataFolder();
    current = await startRealServer(folder.data);
    node = await enrolNode(
      movableHost(() => current),
      { name: 'web-1', tags: { PatchGroup: 'web' } },
    );
    await writeFile(place('passphrase'), `${passphrase}\n`, { mode: 0o600 });
  });
  afterAll(async () => {
    await current.stop();
    await folder.remove();
  });

  it('taken while the control plane works is restored elsewhere, and sends no old command again', async () => {
    const { BaselineId } = await current.ssm.send(
      new CreatePatchBaselineCommand({ Name: 'kept', OperatingSystem: 'DEBIAN', ClientToken: 'once' }),
    );
    for (const version of ['1.0-1', '1.0-2']) {
      const installed = [installedPackage('libdemo', '1.0-1')];
      await node.submitFacts(sampleFacts({ installed, offers: [securityOffer('libdemo', version)] }));
    }
    const ended = await send('ended');
    await deliver(ended);
    await reply(ended);
    const running = await send('running');
    await deliver(running);
    const waiting = await send('waiting');
    const signingKey = await node.patchbay(GetSigningKey, {});
    const before = await invocationOf(ended);

    // Work goes on while the backup is taken.
    const enough = new AbortController();
    const work = (async () => {
      while (!enough.signal.aborted) {
        await current.ssm.send(new CreateActivationCommand({ IamRole: 'node' }));
        await node.ping();
      }
    })();
    const file = place('running.backup');
    const made = await backUp(file);
    enough.abort();
    await work;
    expect(made).toMatchObject({ exitCode: 0, output: expect.stringContaining(current.accountId) });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await backUp(file)).toMatchObject({ exitCode: 2, output: expect.stringContaining('exists already') });

    const after = await send('after the backup');
    const [late] = await node.getMessages();
    expect(late?.MessageId).toBe(messageOf(waiting));
    await current.stop();

    const elsewhere = place('elsewhere');
    const restored = await restore(file, elsewhere);
    expect(restored).toMatchObject({ exitCode: 0, output: expect.stringContaining('2 commands had not ended') });
    expect(((await stat(elsewhere)).mode & 0o777).toString(8)).toBe('700');
    expect(await readFile(join(elsewhere, 'key'))).toEqual(await readFile(join(folder.data, 'key')));

    const { accountId } = current;
    current = await startRealServer(elsewhere);
    expect(current.accountId).toBe(accountId);
    expect(await current.ssm.send(new GetPatchBaselineCommand({ BaselineId }))).toMatchObject({ Name: 'kept' });
    const { InstanceInformationList } = await current.ssm.send(new DescribeInstanceInformationCommand({}));
    expect(InstanceInformationList).toMatchObject([
      { InstanceId: node.instanceId, Name: 'web-1', PingStatus: 'Online' },
    ]);
    // The same token is the same baseline still.
    expect(
      await current.ssm.send(
        new CreatePatchBaselineCommand({ Name: 'kept', OperatingSystem: 'DEBIAN', ClientToken: 'once' }),
      ),
    ).toMatchObject({ BaselineId });

    // The node goes on with its identity, its credentials and the key that it pinned.
    await node.ping();
    await node.renew();
    expect(await node.patchbay(GetSigningKey, {})).toEqual(signingKey);
    expect(await node.getMessages()).toEqual([]);

    // The link to the whole output is new with every answer.
    const anew = { $metadata: {}, StandardOutputUrl: '' };
    expect({ ...(await invocationOf(ended)), ...anew }).toEqual({ ...before, ...anew });
    expect(await invocationOf(running)).toMatchObject({ Status: 'Failed', StatusDetails: 'Failed' });
    expect(await invocationOf(waiting)).toMatchObject({ Status: 'Cancelled', StatusDetails: 'Cancelled' });
    const { Commands = [] } = await current.ssm.send(new ListCommandsCommand({}));
    expect(new Map(Commands.map(({ Comment, Status }) => [Comment, Status]))).toEqual(
      new Map([
        ['waiting', 'Cancelled'],
        ['running', 'Failed'],
        ['ended', 'Success'],
      ]),
    );

    // What the node still has to say about old commands does no harm, and changes nothing.
    expect((await reply(running)).statusCode).toBe(200);
    expect((await reply(after)).statusCode).toBe(400);
    expect(await invocationOf(running)).toMatchObject({ Status: 'Failed' });

    // And new commands work.
    const fresh = await send('fresh');
    await deliver(fresh);
    await reply(fresh);
    expect(await invocationOf(fresh)).toMatchObject({ Status: 'Success', StandardOutputContent: 'done' });
  });

  it('of one that is stopped holds every row of every table', async () => {
    await current.stop();
    const file = place('stopped.backup');
    // It belongs to what runs there now.
    await rm(folder.data, { recursive: true });
    expect(await restore(place('running.backup'), folder.data)).toMatchObject({ exitCode: 0 });
    expect(await backUp(file)).toMatchObject({ exitCode: 0 });
    current = await startRealServer(folder.data);
    const original = await digestTables(folder.data);
    expect(await restore(file, place('again'))).toMatchObject({ exitCode: 0 });
    const second = await startRealServer(place('again'));
    try {
      const copy = await digestTables(place('again'));
      const differing = [...original].filter(([name, digest]) => copy.get(name) !== digest).map(([name]) => name);
      // The restore itself is in the audit trail; migrations have their times.
      expect(differing.sort()).toEqual(['audit_events', 'schema_migration']);
      for (const name of ['archive_first_seen', 'archive_coverage', 'nodes', 'commands', 'idempotency_tokens']) {
        expect([name, original.get(name)]).not.toEqual([name, '0 ']);
      }
    } finally {
      await second.stop();
    }
  });

  it('is restored only with its passphrase, whole, and into an empty place', async () => {
    const file = place('running.backup');
    const target = place('nothing');
    await writeFile(place('other'), 'another passphrase');
    const wrong = await runPatchbay(['restore', file, '--data', target, '--passphrase-file', place('other')]);
    expect(wrong).toMatchObject({ exitCode: 2, output: expect.stringContaining('passphrase is another one') });
    expect(await restore(file, folder.data)).toMatchObject({
      exitCode: 2,
      output: expect.stringContaining('is not empty'),
    });

    const unpacked = place('unpacked');
    const pack = async (name: string) => {
      await runTool(['bash', '-c', `cd ${unpacked} && tar -cf ${place(name)} *`]);
      return await restore(place(name), target);
    };
    await mkdir(unpacked);
    await runTool(['tar', '-xf', file, '-C', unpacked]);
    const table = join(unpacked, 'nodes.copy.gz');
    const whole = await readFile(table);
    await writeFile(table, whole.subarray(0, -1));
    expect(await pack('cut')).toMatchObject({
      exitCode: 2,
      output: expect.stringContaining('nodes.copy.gz is not what'),
    });
    await rm(table);
    await runTool(['ln', '-s', '/etc/passwd', table]);
    expect(await pack('link')).toMatchObject({ exitCode: 2, output: expect.stringContaining('no ordinary file') });
    await rm(table);
    await writeFile(table, whole);

    const manifest = join(unpacked, 'manifest.json');
    const text = await readFile(manifest, 'utf8');
    await writeFile(manifest, text.replace('"0001-installation"', '"0001-installation", "9999-later"'));
    expect(await pack('newer')).toMatchObject({ exitCode: 2, output: expect.stringContaining('9999-later') });
    await writeFile(manifest, text.replace('"patchbayVersion": "', '"patchbayVersion": "9'));
    expect(await pack('changed')).toMatchObject({ exitCode: 2, output: expect.stringContaining('was changed') });
    expect(await restore(place('passphrase'), target)).toMatchObject({ exitCode: 2 });
    await expect(stat(target)).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await runTool(['ls', '-A', place('.')])).match(/restoring/)).toBeNull();
  });

  it('goes into an empty database of one’s own as well, and out of it', async () => {
    const layout = layoutDataDirectory(folder.data);
    const client = new Client(clientConfig(embeddedConnection(layout)));
    await client.connect();
    await client.query('create database other');
    await client.end();
    const url = `postgres://patchbay@localhost/other?host=${encodeURIComponent(layout.run)}`;
    expect(await restore(place('running.backup'), place('own'), '--database-url', url)).toMatchObject({ exitCode: 0 });
    expect(await restore(place('running.backup'), place('own-2'), '--database-url', url)).toMatchObject({
      exitCode: 2,
      output: expect.stringContaining('is not empty'),
    });
    const second = await startRealServer(place('own'), url);
    try {
      const { BaselineIdentities = [] } = await second.ssm.send(
        new DescribePatchBaselinesCommand({ Filters: [{ Key: 'NAME_PREFIX', Values: ['kept'] }] }),
      );
      expect(BaselineIdentities).toHaveLength(1);
      const words = [place('own.backup'), '--data', place('own'), '--passphrase-file', place('passphrase')];
      expect(await runPatchbay(['backup', ...words])).toMatchObject({
        exitCode: 2,
        output: expect.stringContaining('--database-url'),
      });
      expect(await runPatchbay(['backup', ...words, '--database-url', url])).toMatchObject({ exitCode: 0 });
    } finally {
      await second.stop();
    }
  });
});
