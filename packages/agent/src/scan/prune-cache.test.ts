import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pruneLists } from './prune-cache.ts';

const now = new Date('2026-11-22T00:00:00Z');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prune-'));
  for (const [name, date] of [
    ['forgotten', '2026-10-01T00:00:00Z'],
    ['recent', '2026-11-01T00:00:00Z'],
  ] as const) {
    mkdirSync(join(folder, name, 'work', 'shared'), { recursive: true });
    mkdirSync(join(folder, name, 'facts'));
    writeFileSync(join(folder, name, 'clock.json'), '{}');
    utimesSync(join(folder, name, 'facts'), new Date(date), new Date(date));
  }
});

afterEach(() => rmSync(folder, { recursive: true }));

it('removes the lists of what was not scanned for a month, and keeps what the clock saw', () => {
  expect(pruneLists(folder, now)).toEqual(['forgotten']);
  expect(existsSync(join(folder, 'forgotten/work'))).toBe(false);
  expect(existsSync(join(folder, 'forgotten/clock.json'))).toBe(true);
  expect(existsSync(join(folder, 'recent/work'))).toBe(true);
});

it('passes over what is not a machine of ours', () => {
  writeFileSync(join(folder, 'note'), 'x');
  expect(pruneLists(folder, now)).toEqual(['forgotten']);
});
