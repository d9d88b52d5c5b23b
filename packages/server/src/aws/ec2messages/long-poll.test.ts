import { describe, expect, it } from 'vitest';
import { waitForMessage } from './long-poll.ts';

const never = new AbortController().signal;

/** A mailbox that counts how often somebody looks and who is subscribed. */
function createMailbox() {
  const callbacks = new Set<() => void>();
  const state = { message: undefined as string | undefined, looks: 0, onLook: () => {} };
  return {
    state,
    callbacks,
    put: (message: string) => {
      state.message = message;
      for (const callback of callbacks) callback();
    },
    source: {
      subscribe: (callback: () => void) => {
        callbacks.add(callback);
        return () => void callbacks.delete(callback);
      },
      take: async () => {
        state.looks += 1;
        const { message } = state;
        state.onLook();
        return message;
      },
    },
  };
}

describe('a long poll', () => {
  it('answers at once with what is there', async () => {
    const mailbox = createMailbox();
    mailbox.put('first');
    expect(await waitForMessage(mailbox.source, 60_000, never)).toBe('first');
    expect({ looks: mailbox.state.looks, subscribers: mailbox.callbacks.size }).toEqual({ looks: 1, subscribers: 0 });
  });

  it('is woken by what comes while it waits', async () => {
    const mailbox = createMailbox();
    mailbox.state.onLook = () => setImmediate(() => mailbox.put('later'));
    expect(await waitForMessage(mailbox.source, 60_000, never)).toBe('later');
    expect(mailbox.state.looks).toBe(2);
  });

  it('misses nothing that comes during its look', async () => {
    const mailbox = createMailbox();
    mailbox.state.onLook = () => {
      if (mailbox.state.looks === 1) mailbox.put('in between');
    };
    expect(await waitForMessage(mailbox.source, 60_000, never)).toBe('in between');
  });

  it('ends with nothing when its time is over, after at least one look', async () => {
    const mailbox = createMailbox();
    expect(await waitForMessage(mailbox.source, 0, never)).toBeUndefined();
    expect({ looks: mailbox.state.looks, subscribers: mailbox.callbacks.size }).toEqual({ looks: 1, subscribers: 0 });
  });

  it('does not look again when its time is over: each look of thousands of idle nodes costs', async () => {
    const mailbox = createMailbox();
    expect(await waitForMessage(mailbox.source, 5, never)).toBeUndefined();
    expect({ looks: mailbox.state.looks, subscribers: mailbox.callbacks.size }).toEqual({ looks: 1, subscribers: 0 });
  });

  it('ends at once when the caller hangs up, and takes nothing then', async () => {
    const mailbox = createMailbox();
    const caller = new AbortController();
    mailbox.state.onLook = () => setImmediate(() => caller.abort());
    expect(await waitForMessage(mailbox.source, 60_000, caller.signal)).toBeUndefined();
    expect(mailbox.callbacks.size).toBe(0);
    mailbox.put('kept');
    expect(await waitForMessage(mailbox.source, 60_000, caller.signal)).toBeUndefined();
    expect(mailbox.state.looks).toBe(1);
  });

  it('ends at once when the caller hangs up during its look', async () => {
    const mailbox = createMailbox();
    const caller = new AbortController();
    mailbox.state.onLook = () => caller.abort();
    const asked = performance.now();
    expect(await waitForMessage(mailbox.source, 2_000, caller.signal)).toBeUndefined();
    expect(performance.now() - asked).toBeLessThan(1_000);
    expect({ looks: mailbox.state.looks, subscribers: mailbox.callbacks.size }).toEqual({ looks: 1, subscribers: 0 });
  });

  it('hands on what goes wrong and unsubscribes', async () => {
    const mailbox = createMailbox();
    const take = async () => {
      throw new Error('broken');
    };
    await expect(waitForMessage({ ...mailbox.source, take }, 60_000, never)).rejects.toThrow('broken');
    expect(mailbox.callbacks.size).toBe(0);
  });
});
