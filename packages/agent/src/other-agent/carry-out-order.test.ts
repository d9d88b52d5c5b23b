import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';
import { readOrderParts, stageOrder } from '../test-support/order-stage.ts';
import { makePrivateDirectory } from '../test-support/private-directory.ts';
import { carryOutOrder } from './carry-out-order.ts';

const runFile = (folder: string, commandId: string, name: string) => join(folder, 'state/runs', commandId, name);

it('tells what the patcher told, and the same again for the same command', async () => {
  const folder = makePrivateDirectory();
  const order = stageOrder(folder, 'fail');
  const first = await carryOutOrder(order, readOrderParts(folder));
  expect(first).toMatchObject({ kind: 'finished', exitCode: 3, standardError: 'a remark\n' });
  writeFileSync(join(folder, 'state/behaviour'), 'succeed');
  expect(await carryOutOrder(order, readOrderParts(folder))).toEqual(first);
  const identity: unknown = JSON.parse(readFileSync(join(folder, 'state/borrowed-identity.json'), 'utf8'));
  expect(identity).toMatchObject({ instanceId: order.instanceId, credentialsFile: join(folder, 'credentials') });
});

it('does nothing where the release key does not vouch for the package, or signed another list', async () => {
  const folder = makePrivateDirectory();
  const order = stageOrder(folder, 'succeed');
  const other = { ...readOrderParts(folder), packageDigest: 'b'.repeat(64) };
  await expect(carryOutOrder(order, other)).rejects.toThrow(/does not vouch/);
  writeFileSync(join(folder, 'SHA256SUMS'), `${'b'.repeat(64)}  patchbay-agent_1.0.0_amd64.deb\n`);
  await expect(carryOutOrder(order, other)).rejects.toMatchObject({ code: 'NOT_SIGNED' });
  expect(existsSync(join(folder, 'state/runs', order.commandId))).toBe(false);
});

it('goes on after a reboot that it asked for', async () => {
  const folder = makePrivateDirectory();
  const order = stageOrder(folder, 'reboot');
  expect(await carryOutOrder(order, readOrderParts(folder, 'boot-1'))).toMatchObject({ exitCode: 194 });
  const after = await carryOutOrder(order, readOrderParts(folder, 'boot-2'));
  expect(after).toMatchObject({ exitCode: 0, standardError: 'a remark\n' });
  expect(after.kind === 'finished' && after.standardOutput.match(/asked for/g)).toHaveLength(1);
  const note: unknown = JSON.parse(readFileSync(runFile(folder, order.commandId, 'reboot.json'), 'utf8'));
  expect(note).toMatchObject({ bootId: 'boot-1', problem: null });
});

it('lets the patcher know where the agent did not reboot the machine', async () => {
  const folder = makePrivateDirectory();
  const order = stageOrder(folder, 'reboot');
  await carryOutOrder(order, readOrderParts(folder, 'boot-1'));
  await carryOutOrder(order, readOrderParts(folder, 'boot-1'));
  const note: unknown = JSON.parse(readFileSync(runFile(folder, order.commandId, 'reboot.json'), 'utf8'));
  expect(note).toMatchObject({ problem: 'The agent of this node did not reboot it' });
});

it('starts a patcher that was lost twice more, and then says so', async () => {
  const folder = makePrivateDirectory();
  const order = stageOrder(folder, 'vanish');
  expect(await carryOutOrder(order, readOrderParts(folder))).toMatchObject({ kind: 'vanished' });
  expect(existsSync(runFile(folder, order.commandId, 'process.2'))).toBe(true);
});

it('asks the patcher to begin nothing more when it is killed, and leaves it alone', async () => {
  const folder = makePrivateDirectory();
  const order = stageOrder(folder, 'wait');
  writeFileSync(join(folder, 'order.json'), JSON.stringify(order));
  const program = fileURLToPath(new URL('../test-support/order-program.ts', import.meta.url));
  const child = spawn(process.execPath, [program, folder], { detached: true, stdio: 'inherit' });
  await vi.waitUntil(
    () =>
      existsSync(runFile(folder, order.commandId, 'stdout')) &&
      readFileSync(runFile(folder, order.commandId, 'stdout'), 'utf8').includes('waiting'),
    { timeout: 20_000 },
  );
  const ended = once(child, 'exit');
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  await ended;
  await vi.waitUntil(() => existsSync(runFile(folder, order.commandId, 'cancel-requested')), { timeout: 10_000 });
  writeFileSync(runFile(folder, order.commandId, 'go'), '');
  expect(await carryOutOrder(order, readOrderParts(folder))).toMatchObject({ kind: 'finished', exitCode: 4 });
});
