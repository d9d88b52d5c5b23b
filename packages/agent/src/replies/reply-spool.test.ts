import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ServerError, UnreachableError } from '../client/index.ts';
import { makePrivateDirectory } from '../test-support/private-directory.ts';
import { createTestTimers } from '../test-support/test-timers.ts';
import { openReplySpool, type ReplySpool } from './reply-spool.ts';

/** A control plane that takes replies, or throws the next of the given errors. */
function openTestSpool(directory: string, errors: Error[] = []): { spool: ReplySpool; sent: string[]; ids: string[] } {
  const sent: string[] = [];
  const ids: string[] = [];
  const spool = openReplySpool({
    directory,
    log: () => {},
    timers: createTestTimers(),
    client: {
      callMessages: async (_operation, input, output) => {
        const { Payload, ReplyId } = input as { Payload: string; ReplyId: string };
        ids.push(ReplyId);
        const error = errors.shift();
        if (error !== undefined) throw error;
        sent.push(Payload);
        return output.parse({});
      },
    },
  });
  return { spool, sent, ids };
}

async function deliverAll(spool: ReplySpool): Promise<void> {
  const stop = new AbortController();
  const delivering = spool.deliver(stop.signal);
  while (spool.waiting() > 0) await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  await delivering;
}

const unreachable = new UnreachableError('NOT_CONNECTED', 'away');

describe('the spool of replies', () => {
  it('delivers in the order in which replies came, each once, over failures', async () => {
    const errors = [unreachable, new ServerError('InternalServerError', '', 500), unreachable];
    const { spool, sent } = openTestSpool(makePrivateDirectory(), errors);
    for (const text of ['1', '2', '3']) spool.add('m', text);
    await deliverAll(spool);
    expect(sent).toEqual(['1', '2', '3']);
  });

  it('repeats a reply under the same id', async () => {
    const { spool, ids } = openTestSpool(makePrivateDirectory(), [unreachable]);
    spool.add('m', '1');
    await deliverAll(spool);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it('keeps what was not delivered over a restart, before what comes later', async () => {
    const directory = makePrivateDirectory();
    const { spool } = openTestSpool(directory, [unreachable]);
    for (let number = 1; number <= 11; number += 1) spool.add('m', String(number));
    await spool.deliverOnce(new AbortController().signal);
    const next = openTestSpool(directory);
    next.spool.add('m', '12');
    await deliverAll(next.spool);
    expect(next.sent).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12']);
  });

  it('gives up a reply that the control plane will never take, and goes on', async () => {
    const { spool, sent } = openTestSpool(makePrivateDirectory(), [
      new ServerError('InvocationDoesNotExist', 'gone', 400),
    ]);
    spool.add('m', '1');
    spool.add('m', '2');
    await deliverAll(spool);
    expect(sent).toEqual(['2']);
  });

  it('keeps a reply while the control plane does not accept the node', async () => {
    const { spool } = openTestSpool(makePrivateDirectory(), [new ServerError('AccessDeniedException', '', 400)]);
    spool.add('m', '1');
    await spool.deliverOnce(new AbortController().signal);
    expect(spool.waiting()).toBe(1);
  });

  it('is not held up by a damaged file', async () => {
    const directory = makePrivateDirectory();
    writeFileSync(join(directory, '000000000001.json'), '{');
    const { spool, sent } = openTestSpool(directory);
    spool.add('m', '2');
    await deliverAll(spool);
    expect(sent).toEqual(['2']);
  });
});
