import { describe, expect, it } from 'vitest';
import { createTurns } from './take-turns.ts';

const never = new AbortController().signal;
const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('work in turns', () => {
  it('is done one after the other, whatever becomes of each', async () => {
    const inTurn = createTurns();
    const said: string[] = [];
    const work = (name: string, fails = false) =>
      inTurn(async () => {
        said.push(`${name} begins`);
        await pause();
        said.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      }, never);
    const all = await Promise.allSettled([work('a', true), work('b'), work('c')]);
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(said).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('is not waited for any more when the signal is aborted, and keeps its place for nobody', async () => {
    const inTurn = createTurns();
    const first = Promise.withResolvers<void>();
    const cancelled = new AbortController();
    const said: string[] = [];
    const one = inTurn(() => first.promise, never);
    const two = inTurn(async () => void said.push('two'), cancelled.signal);
    const three = inTurn(async () => void said.push('three'), never);
    cancelled.abort(new Error('cancelled'));
    await expect(two).rejects.toThrow('cancelled');
    await pause();
    expect(said).toEqual([]);
    first.resolve();
    await Promise.all([one, three]);
    expect(said).toEqual(['three']);
  });

  it('is not waited for at all when the signal was aborted before', async () => {
    const inTurn = createTurns();
    const first = Promise.withResolvers<void>();
    const one = inTurn(() => first.promise, never);
    await expect(inTurn(async () => {}, AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled');
    first.resolve();
    await one;
  });
});
