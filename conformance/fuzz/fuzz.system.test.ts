import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeFaults, fuzz } from './fuzz.ts';
import { operations } from './requests.ts';
import { type FuzzedServer, startFuzzedServer } from './start-fuzzed-server.ts';

const windowRequests = 1_000;
/** Caches fill up at first; from this window on the heap may only breathe. */
const warmWindows = 10;
const mostGrowthBytes = 16 * 1024 * 1024;

describe('50,000 requests of all kinds', () => {
  let server: FuzzedServer;
  beforeAll(async () => {
    server = await startFuzzedServer();
  });
  afterAll(async () => await server.stop());

  it('never make the server fail, end or grow', { timeout: 1_200_000 }, async () => {
    // Another seed every time; `node conformance/fuzz/main.ts --seed` sends the same again.
    const seed = Date.now() % 1_000_000_000;
    console.log(`seed ${seed}`);
    const report = await fuzz(server, { seed, requests: 50_000, windowRequests });
    expect(server.ending()).toBeUndefined();
    expect(describeFaults(report)).toBe('');
    expect(server.log.filter((line) => line.includes('"level":50'))).toEqual([]);
    const neverAccepted = operations.filter(({ target }) => !report.accepted.has(target)).map(({ target }) => target);
    console.log(`never accepted: ${neverAccepted.join(' ')}`);
    expect(neverAccepted.length).toBeLessThan(operations.length * 0.1);
    const warm = report.heapBytes.slice(warmWindows);
    expect(warm.length).toBeGreaterThan(warmWindows);
    expect(Math.max(...warm) - (warm[0] ?? 0)).toBeLessThan(mostGrowthBytes);
  });
});
