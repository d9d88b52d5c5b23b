import { describe, expect, it } from 'vitest';
import { createRecentClaims } from './recent-claims.ts';

const claim = (name: string) => ({ name });

describe('recent claims', () => {
  it('are looked up once within a second, and anew after it', async () => {
    let now = 0;
    let lookups = 0;
    const recent = createRecentClaims(() => now);
    const look = () =>
      recent.find('key', async () => {
        lookups += 1;
        return claim(`lookup ${lookups}`);
      });
    expect(await look()).toEqual(claim('lookup 1'));
    now = 999;
    expect(await look()).toEqual(claim('lookup 1'));
    now = 1000;
    expect(await look()).toEqual(claim('lookup 2'));
  });

  it('are looked up once for all who ask at the same time, but not for who asks after a change', async () => {
    const recent = createRecentClaims(() => 0);
    const started: (() => void)[] = [];
    const look = (name: string) =>
      recent.find('key', async () => {
        await new Promise<void>((resolve) => started.push(resolve));
        return claim(name);
      });
    const before = [look('first'), look('second')];
    recent.forget();
    const after = [look('third'), look('fourth')];
    for (const resolve of started) resolve();
    expect(await Promise.all(before)).toEqual([claim('first'), claim('first')]);
    expect(await Promise.all(after)).toEqual([claim('third'), claim('third')]);
    expect(await look('fifth')).toEqual(claim('third'));
  });

  it('do not wait for a look-up that began more than a second ago', async () => {
    let now = 0;
    const recent = createRecentClaims(() => now);
    void recent.find('key', async () => await new Promise<never>(() => {}));
    now = 1000;
    expect(await recent.find('key', async () => claim('new'))).toEqual(claim('new'));
  });

  it('fail together, and are looked up again', async () => {
    const recent = createRecentClaims(() => 0);
    const look = () => recent.find('key', async () => await Promise.reject(new Error('no connection')));
    const both = [look(), look()];
    for (const one of both) await expect(one).rejects.toThrow('no connection');
    expect(await recent.find('key', async () => claim('new'))).toEqual(claim('new'));
  });

  it('are forgotten at once when access changes', async () => {
    const recent = createRecentClaims(() => 0);
    await recent.find('key', async () => claim('before'));
    recent.forget();
    expect(await recent.find('key', async () => undefined)).toBeUndefined();
  });

  it('keep nothing that was looked up while access changed', async () => {
    const recent = createRecentClaims(() => 0);
    await recent.find('key', async () => {
      recent.forget();
      return claim('from before the change');
    });
    expect(await recent.find('key', async () => claim('after'))).toEqual(claim('after'));
  });

  it('keep nobody who is not known', async () => {
    const recent = createRecentClaims(() => 0);
    expect(await recent.find('key', async () => undefined)).toBeUndefined();
    expect(await recent.find('key', async () => claim('new'))).toEqual(claim('new'));
  });
});
