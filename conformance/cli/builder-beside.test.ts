import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLockHolder } from '@patchbay/agent';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type PatchbayProcess, runPatchbay, startPatchbay } from '../support/patchbay-process.ts';

let folder: string;
let server: PatchbayProcess;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'builder-beside-'));
});
afterEach(async () => {
  await server?.end('SIGTERM');
  await vi.waitUntil(() => findBuilder() === 0, { timeout: 20_000 });
  await rm(folder, { recursive: true, force: true });
});

/** A control plane with a builder beside it, once the builder is online; with the builder's process. */
async function startWithBuilder(): Promise<{ instanceId: string; processId: number }> {
  server = startPatchbay(['up', '--builder', '--port', '0', '--data', join(folder, 'data')]);
  await server.waitFor(/^ready http/m);
  const [, instanceId = ''] = await server.waitFor(/Online as (mi-\w+)/);
  return { instanceId, processId: findBuilder() };
}

function findBuilder(): number {
  return readLockHolder(join(folder, 'data/builder'))?.pid ?? 0;
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}

describe('patchbay up --builder', () => {
  it('has a builder that may take builds, ends it with itself, and finds it again', async () => {
    const first = await startWithBuilder();
    expect(server.output()).toContain('runs as root on it');
    // It asks for builds from its first moment; who is no builder is refused.
    expect(server.output()).not.toContain('No build can be taken');
    expect(await server.end('SIGTERM')).toMatchObject({ code: 0 });
    expect(isRunning(first.processId)).toBe(false);
    const second = await startWithBuilder();
    expect(second.instanceId).toBe(first.instanceId);
  });

  it('starts it again when it dies', async () => {
    const first = await startWithBuilder();
    process.kill(first.processId, 'SIGKILL');
    await server.waitFor(/the builder ended and is started again/);
    await vi.waitUntil(() => ![0, first.processId].includes(findBuilder()), { timeout: 20_000 });
  });

  it('takes it along when the server is killed', async () => {
    const { processId } = await startWithBuilder();
    await server.end('SIGKILL');
    await vi.waitUntil(() => !isRunning(processId), { timeout: 20_000 });
  });

  it('is refused beyond loopback', async () => {
    const words = [
      'up',
      '--builder',
      '--host',
      '0.0.0.0',
      '--tls',
      'auto',
      '--port',
      '0',
      '--data',
      join(folder, 'data'),
    ];
    const { exitCode, output } = await runPatchbay(words);
    expect(exitCode).toBe(2);
    expect(output).toContain('--builder is for control planes that only this machine can call');
  });
});
