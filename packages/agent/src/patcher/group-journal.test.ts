import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openGroupJournal } from './group-journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'group-journal-'));
afterAll(() => rmSync(folder, { recursive: true }));

const at = new Date('2026-01-01T00:00:00Z');
const bash = { name: 'bash', architecture: 'amd64' };
const outcome = { targets: [{ ...bash, version: '2' }], status: 'installed', reason: '' } as const;
let files = 0;

function newPath(): string {
  files += 1;
  return join(folder, `journal-${files}.jsonl`);
}

describe('a group journal', () => {
  it('tells a later process what was begun, what ended and what has to be restored', () => {
    const path = newPath();
    const first = openGroupJournal(path, 'plan-1', [bash], at);
    first.begin(0, at);
    first.end(0, { ...outcome, targets: [...outcome.targets] }, at);
    first.begin(1, at);
    const second = openGroupJournal(path, 'plan-1', [], at);
    expect(second.automatic).toEqual([bash]);
    expect([0, 1, 2].map((group) => second.attemptsAt(group))).toEqual([1, 1, 0]);
    expect([0, 1].map((group) => second.outcomeOf(group))).toEqual([outcome, null]);
  });

  it('drops a line that was cut short, and goes on behind it', () => {
    const path = newPath();
    openGroupJournal(path, 'plan-1', [], at).begin(0, at);
    appendFileSync(path, '{"kind":"group-be');
    openGroupJournal(path, 'plan-1', [], at).begin(1, at);
    const again = openGroupJournal(path, 'plan-1', [], at);
    expect([again.attemptsAt(0), again.attemptsAt(1)]).toEqual([1, 1]);
  });

  it('refuses the journal of another plan, and a damaged one', () => {
    const path = newPath();
    openGroupJournal(path, 'plan-1', [], at);
    expect(() => openGroupJournal(path, 'plan-2', [], at)).toThrow(/another plan/);
    appendFileSync(path, 'nonsense\n');
    expect(() => openGroupJournal(path, 'plan-1', [], at)).toThrow(/line 2/);
  });
});
