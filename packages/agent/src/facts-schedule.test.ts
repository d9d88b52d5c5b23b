import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nextFactsTime, submitFactsRegularly } from './facts-schedule.ts';
import type { PatchRunEnd } from './patch-run.ts';
import { readTextOrNull } from './state/index.ts';
import { makePrivateDirectory } from './test-support/private-directory.ts';
import { nodeId } from './test-support/signed-commands.ts';
import { createTestTimers } from './test-support/test-timers.ts';

const hour = 3_600_000;
const start = new Date('2026-11-22T10:00:00.000Z');
const nodes = Array.from({ length: 400 }, (_, index) => `mi-${index.toString(16).padStart(17, '0')}`);

describe('when a node hands in facts', () => {
  it('is within half an hour when it never did', () => {
    for (const node of nodes) {
      const wait = nextFactsTime(node, null, start).getTime() - start.getTime();
      expect(wait).toBeGreaterThanOrEqual(5 * 60_000);
      expect(wait).toBeLessThanOrEqual(30 * 60_000);
    }
  });

  it('is every twelve hours, whenever it was asked or restarted', () => {
    const first = nextFactsTime(nodeId, start, start);
    expect(first.getTime() - start.getTime()).toBeLessThanOrEqual(12 * hour);
    expect(nextFactsTime(nodeId, first, start).getTime() - first.getTime()).toBe(12 * hour);
    const late = new Date(first.getTime() + hour);
    expect(nextFactsTime(nodeId, late, start).getTime() - first.getTime()).toBe(12 * hour);
  });

  it('is spread over the period, the same for one node always', () => {
    const hours = new Set(nodes.map((node) => Math.floor(nextFactsTime(node, start, start).getTime() / hour)));
    expect(hours.size).toBeGreaterThanOrEqual(12);
    expect(nextFactsTime(nodeId, start, start)).toEqual(nextFactsTime(nodeId, start, new Date(0)));
  });
});

describe('handing in facts', () => {
  async function runOnce(end: PatchRunEnd): Promise<{ file: string | null; slept: number[]; operations: string[] }> {
    const directory = join(makePrivateDirectory(), 'state');
    mkdirSync(directory);
    const factsFile = join(directory, 'facts.json');
    const stopping = new AbortController();
    const timers = createTestTimers();
    const operations: string[] = [];
    const slept: number[] = [];
    await submitFactsRegularly({
      state: { factsFile },
      instanceId: nodeId,
      prune: () => {},
      log: () => {},
      signal: stopping.signal,
      timers: {
        ...timers,
        sleep: async (milliseconds) => {
          if (operations.length > 0) {
            slept.push(milliseconds);
            stopping.abort();
          }
          timers.set(new Date(timers.now().getTime() + milliseconds).toISOString());
        },
      },
      runs: {
        perform: async (request) => {
          operations.push(`${request.operation} ${request.commandId ?? 'by itself'}`);
          return end;
        },
        restart: async () => ({ kind: 'not-started' }),
        resume: async () => end,
        requestCancel: () => {},
      },
    });
    return { file: readTextOrNull(factsFile), slept, operations };
  }

  it('starts a run of the patcher and remembers when', async () => {
    const { file, operations } = await runOnce({
      kind: 'finished',
      exitCode: 0,
      standardOutput: '',
      standardError: '',
    });
    expect(operations).toEqual(['Facts by itself']);
    expect(file).toMatch(/2026-11-22T10:/);
  });

  it('tries again later when it failed', async () => {
    const { file, operations, slept } = await runOnce({ kind: 'vanished', standardOutput: '', standardError: '' });
    expect(operations).toHaveLength(1);
    expect(file).toBeNull();
    expect(slept).toEqual([600_000]);
  });
});
