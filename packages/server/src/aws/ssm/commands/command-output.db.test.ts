import { GetCommandInvocationCommand, ListCommandInvocationsCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { GetCommandOutput, mostChunkBytes, UploadCommandOutput } from '@patchbay/contracts';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { readSuccess } from '../../../test-support/send-request.ts';
import { enrolNode, type TestNode } from '../../../test-support/test-node.ts';
import { withTestServer } from '../../../test-support/test-server.ts';

describe('the output of a command', () => {
  const server = withTestServer();

  async function run(node: TestNode, standardOutput: string, wholeBytes?: number): Promise<string> {
    const { Command } = await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        Parameters: { commands: ['true'] },
        InstanceIds: [node.instanceId],
      }),
    );
    const commandId = Command?.CommandId ?? '';
    await node.getMessages();
    const step = { status: 'Success', code: 0, standardOutput, patchbayOutputBytes: wholeBytes };
    await node.reply(`aws.ssm.${commandId}.${node.instanceId}`, {
      documentStatus: 'Success',
      runtimeStatus: { runShellScript: step },
    });
    return commandId;
  }
  const upload = (node: TestNode, commandId: string, bytes: Buffer, startByte = 0) =>
    node.patchbay(UploadCommandOutput, {
      commandId,
      stepName: 'runShellScript',
      stream: 'stdout',
      startByte,
      content: bytes.subarray(startByte, startByte + mostChunkBytes).toString('base64'),
    });
  async function uploadAll(node: TestNode, commandId: string, bytes: Buffer): Promise<void> {
    let startByte = 0;
    let isFull = false;
    while (startByte < bytes.length && !isFull) {
      ({ nextByte: startByte, isFull } = await upload(node, commandId, bytes, startByte));
    }
  }
  const read = (node: TestNode, commandId: string) =>
    server().ssm.send(new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: node.instanceId }));
  async function part(input: z.input<(typeof GetCommandOutput)['input']>) {
    const answer = await server().call('Patchbay.GetCommandOutput', input, { service: 'patchbay' });
    return GetCommandOutput.output.parse(readSuccess(answer));
  }

  it('is shown to AWS’s limits and downloaded whole with a plain GET', async () => {
    const node = await enrolNode(server());
    const whole = Buffer.from('0123456789äöü\n'.repeat(100_000));
    const commandId = await run(node, whole.toString().slice(0, 50_000), whole.length);
    const { StandardOutputUrl: early = '' } = await read(node, commandId);
    expect(await (await fetch(early)).text()).toMatch(/the rest has not come yet/);
    await uploadAll(node, commandId, whole);
    const invocation = await read(node, commandId);
    expect(invocation.StandardOutputContent).toHaveLength(24_000);
    expect(invocation.StandardOutputContent).toMatch(/--output truncated--$/);
    const { CommandInvocations: [listed] = [] } = await server().ssm.send(
      new ListCommandInvocationsCommand({ CommandId: commandId, Details: true }),
    );
    const [plugin] = listed?.CommandPlugins ?? [];
    expect(plugin?.Output).toHaveLength(2_500);
    for (const url of [invocation.StandardOutputUrl, plugin?.StandardOutputUrl]) {
      const response = await fetch(url ?? '');
      expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
      expect(Buffer.from(await response.arrayBuffer()).equals(whole)).toBe(true);
    }
    expect(invocation.StandardErrorUrl).toBe('');
  });

  it('is downloaded as it is when it is short', async () => {
    const node = await enrolNode(server());
    const commandId = await run(node, 'all of it\n');
    const { StandardOutputUrl = '' } = await read(node, commandId);
    expect(await (await fetch(StandardOutputUrl)).text()).toBe('all of it\n');
    expect(await part({ commandId, instanceId: node.instanceId })).toMatchObject({ isComplete: true, wholeBytes: 10 });
  });

  it('is behind a link that ends soon and cannot be forged', async () => {
    const start = server().now();
    const node = await enrolNode(server());
    const { StandardOutputUrl = '' } = await read(node, await run(node, 'secret'));
    const ask = async (url: string) => {
      const answer = await fetch(url);
      return [answer.status, await answer.text()];
    };
    const last = StandardOutputUrl.at(-1) === 'a' ? 'b' : 'a';
    const forged = [403, expect.stringContaining('not signed by this server')];
    expect(await ask(`${StandardOutputUrl.slice(0, -1)}${last}`)).toEqual(forged);
    expect(await ask(StandardOutputUrl.replace('/stdout?', '/stderr?'))).toEqual(forged);
    expect(await ask(`${server().url}/downloads/command-outputs/x`)).toEqual(forged);
    server().advance({ minutes: 16 });
    expect(await ask(StandardOutputUrl)).toEqual([403, expect.stringContaining('has expired: ask for a new one')]);
    server().setNow(start);
  });

  it('answers that it is gone once it is', async () => {
    const node = await enrolNode(server());
    const { StandardOutputUrl = '' } = await read(node, await run(node, 'for a while'));
    await server().database.deleteFrom('commandPlugins').where('instanceId', '=', node.instanceId).execute();
    const answer = await fetch(StandardOutputUrl);
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('is gone')]);
  });

  it('is linked to where the caller found the server, also behind a proxy that ends TLS', async () => {
    const node = await enrolNode(server());
    const commandId = await run(node, 'behind a proxy');
    const proxied = server().createClient(server().administrator);
    proxied.middlewareStack.add(
      (next) => (call) => {
        Object.assign((call.request as { headers: object }).headers, { 'x-forwarded-proto': 'https' });
        return next(call);
      },
      { step: 'build' },
    );
    const { StandardOutputUrl = '' } = await proxied.send(
      new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: node.instanceId }),
    );
    const { host } = new URL(server().url);
    expect(StandardOutputUrl.startsWith(`https://${host}/downloads/command-outputs/`)).toBe(true);
    const direct = await fetch(StandardOutputUrl.replace(/^https/, 'http'));
    expect(await direct.text()).toBe('behind a proxy');
  });

  it('is stored once, however often and in which order its parts come', async () => {
    const node = await enrolNode(server());
    const whole = Buffer.alloc(2 * mostChunkBytes + 5, 'x');
    const commandId = await run(node, 'x', whole.length);
    expect(await upload(node, commandId, whole, mostChunkBytes)).toEqual({ nextByte: 0, isFull: false });
    await Promise.all([upload(node, commandId, whole), upload(node, commandId, whole)]);
    expect(await upload(node, commandId, whole)).toEqual({ nextByte: mostChunkBytes, isFull: false });
    await uploadAll(node, commandId, whole);
    let startByte = 0;
    let isComplete = false;
    const parts: Buffer[] = [];
    while (!isComplete) {
      const next = await part({ commandId, instanceId: node.instanceId, startByte });
      parts.push(Buffer.from(next.content, 'base64'));
      ({ nextByte: startByte, isComplete } = next);
    }
    expect(Buffer.concat(parts).equals(whole)).toBe(true);
  });

  it('is cut at the limit of the installation, and says so', async () => {
    const node = await enrolNode(server());
    const { commandOutputLimitBytes } = server().dependencies;
    const whole = Buffer.alloc(commandOutputLimitBytes + 1000, 'y');
    const commandId = await run(node, 'y', whole.length);
    await uploadAll(node, commandId, whole);
    const { StandardOutputUrl = '' } = await read(node, commandId);
    const text = await (await fetch(StandardOutputUrl)).text();
    expect(text.slice(commandOutputLimitBytes)).toMatch(/goes on to \d+ bytes; the first \d+ are kept/);
  });

  it('comes from the node that ran the command, for one of its steps', async () => {
    const [node, stranger] = [await enrolNode(server()), await enrolNode(server())];
    const commandId = await run(node, 'x');
    await expect(upload(stranger, commandId, Buffer.from('forged'))).rejects.toMatchObject({
      code: 'InvocationDoesNotExist',
    });
    const chunk = { commandId, stepName: 'constructor', stream: 'stdout', startByte: 0, content: 'eA==' } as const;
    await expect(node.patchbay(UploadCommandOutput, chunk)).rejects.toMatchObject({ code: 'InvalidPluginName' });
  });
});
