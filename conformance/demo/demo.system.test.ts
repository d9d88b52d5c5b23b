import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runPatchbay } from '../support/patchbay-process.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('patchbay demo --images --exit', () => {
  it('keeps a golden image fresh, shows how another ages, and apt agrees about both', async () => {
    const began = Date.now();
    const { exitCode, output } = await runPatchbay(['demo', '--images', '--exit', '--data', join(folder, 'images')]);
    expect(output).toContain('Freshness: CURRENT. No approved patch is missing.');
    expect(output).toContain('apt agrees, item by item: nothing');
    // On the day of a point release there is nothing that the image without updates could lack.
    const missing = Number(/Freshness: STALE\. (\d+) approved patch/.exec(output)?.[1] ?? 0);
    if (missing > 0) expect(output).toContain(`apt agrees, item by item: exactly these ${missing}`);
    expect(output).toMatch(/Not built:\n.* was built from the recipe, parent image and components/);
    expect(output).toMatch(/Built:\n.*component\/web-server\/1\.1\.0\/1/);
    expect(output).not.toContain('DIFFERENCE');
    expect(exitCode).toBe(0);
    expect((Date.now() - began) / 1000).toBeLessThan(240);
  });
});

describe('patchbay demo --exit', () => {
  it.each([
    ['the first time, building its root', 180],
    ['a second time, from the cached root', 90],
  ])('takes a real node from NON_COMPLIANT to COMPLIANT and apt agrees: %s', async (_time, limitSeconds) => {
    const began = Date.now();
    const { exitCode, output } = await runPatchbay(['demo', '--exit', '--data', join(folder, 'demo')]);
    expect(output).toContain('Verdict: NON_COMPLIANT');
    expect(output).toContain('apt agrees, item by item');
    const waiting = Number(/ missing and the (\d+) waiting/.exec(output)?.[1] ?? Number.NaN);
    const dated = output.match(
      /^ +\S+ \S+ until \d{4}-\d{2}-\d{2} \((publication date|first seen|changelog date)\)$/gm,
    );
    // The first list comes with the verdict before, the second with the one after; each shows forty at most.
    if (waiting > 0) expect(output).toContain(`${waiting} more wait for their seven days:`);
    expect(dated?.length ?? 0).toBeGreaterThanOrEqual(Math.min(waiting, 40));
    expect(output).toContain('The plan is what apt would do for the missing ones');
    expect(output).not.toContain('DIFFERENCE');
    expect(output).toContain('Verdict: COMPLIANT');
    expect(output).toContain('apt agrees: no approved package is left to upgrade');
    expect(exitCode).toBe(0);
    expect((Date.now() - began) / 1000).toBeLessThan(limitSeconds);
  });
});
