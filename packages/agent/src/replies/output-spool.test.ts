import { describe, expect, it } from 'vitest';
import { ServerError, UnreachableError } from '../client/index.ts';
import type { StepResult } from '../documents/index.ts';
import { makePrivateDirectory } from '../test-support/private-directory.ts';
import { createTestTimers } from '../test-support/test-timers.ts';
import { openOutputSpool } from './output-spool.ts';

const commandId = '00000000-0000-4000-8000-000000000000';
const step = (standardOutput: string, standardError = ''): StepResult => ({
  name: 'run',
  action: 'aws:runShellScript',
  status: 'Success',
  code: 0,
  standardOutput,
  standardError,
  startedAt: '',
  endedAt: '',
});

/** A control plane that keeps what it gets, up to a limit, and throws the next of the given errors. */
function openTestSpool(directory = makePrivateDirectory(), errors: Error[] = [], limit = Number.POSITIVE_INFINITY) {
  const stored = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  const calls: number[] = [];
  const spool = openOutputSpool({
    directory,
    log: () => {},
    timers: createTestTimers(),
    client: {
      callPatchbay: async (contract, input) => {
        const { stream, startByte, content } = input as {
          stream: 'stdout' | 'stderr';
          startByte: number;
          content: string;
        };
        calls.push(startByte);
        const error = errors.shift();
        if (error !== undefined) throw error;
        if (startByte === stored[stream].length) {
          stored[stream] = Buffer.concat([stored[stream], Buffer.from(content, 'base64')]).subarray(0, limit);
        }
        const { length } = stored[stream];
        return contract.output.parse({ nextByte: length, isFull: length >= limit });
      },
    },
  });
  const deliverAll = async () => {
    const stop = new AbortController();
    const delivering = spool.deliver(stop.signal);
    while (spool.waiting() > 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await delivering;
  };
  return { spool, stored, calls, deliverAll };
}

const long = 'ä'.repeat(1_500_000);

describe('the spool of outputs', () => {
  it('leaves alone what a reply can hold', () => {
    const { spool } = openTestSpool();
    expect(spool.keep(commandId, step('short', 'shorter'))).toEqual(step('short', 'shorter'));
    expect(spool.waiting()).toBe(0);
  });

  it('uploads a long output whole, in parts, over failures, and gives the reply its beginning', async () => {
    const { spool, stored, calls, deliverAll } = openTestSpool(undefined, [new UnreachableError('NOT_CONNECTED', '')]);
    const kept = spool.keep(commandId, step(long, 'short'));
    expect(kept).toMatchObject({ standardOutputBytes: 3_000_000, standardError: 'short' });
    expect(kept.standardOutput.length).toBeLessThan(51_000);
    expect(kept.standardOutput).toMatch(/^ä+\n--- the output goes on/);
    await deliverAll();
    expect(stored.stdout.toString()).toBe(long);
    expect(calls.length).toBe(4);
  });

  it('goes on after a restart where the control plane is', async () => {
    const directory = makePrivateDirectory();
    openTestSpool(directory).spool.keep(commandId, step('', long));
    const next = openTestSpool(directory);
    next.stored.stderr = Buffer.from(long).subarray(0, 1_000_001);
    await next.deliverAll();
    expect(next.stored.stderr.toString()).toBe(long);
  });

  it('stops where the control plane wants no more, and gives up what it does not take', async () => {
    const full = openTestSpool(undefined, [], 100);
    full.spool.keep(commandId, step(long));
    await full.deliverAll();
    expect(full.calls).toEqual([0]);
    const refused = openTestSpool(undefined, [new ServerError('InvocationDoesNotExist', '', 400)]);
    refused.spool.keep(commandId, step(long));
    await refused.deliverAll();
    expect(refused.stored.stdout).toHaveLength(0);
  });
});
