import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeFaults, fuzz } from './fuzz.ts';
import { operations } from './requests.ts';
import { type FuzzedServer, startFuzzedServer } from './start-fuzzed-server.ts';

describe('2,000 requests of all kinds', () => {
  let server: FuzzedServer;
  beforeAll(async () => {
    server = await startFuzzedServer();
  });
  afterAll(async () => await server.stop());

  it('get an answer in the form of AWS, and never a 5xx', async () => {
    const report = await fuzz(server, { seed: 20_261_122, requests: 2_000, windowRequests: 1_000 });
    expect(server.ending()).toBeUndefined();
    expect(describeFaults(report)).toBe('');
    expect(server.log.filter((line) => line.includes('"level":50'))).toEqual([]);
    // A fuzzer that is always refused at the door would find nothing.
    expect(report.accepted.size).toBeGreaterThan(operations.length * 0.6);
    expect(report.endings.get('200')).toBeGreaterThan(300);
  });
});
