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
