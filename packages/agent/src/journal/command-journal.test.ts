import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makePrivateDirectory } from '../test-support/private-directory.ts';
import { openCommandJournal } from './command-journal.ts';
import type { JournalEntry } from './journal-entry.ts';

const idOf = (digit: number) => `${String(digit).repeat(8)}-2222-3333-4444-555555555555`;

function makeEntry(digit: number, change: Partial<JournalEntry> = {}): JournalEntry {
  return {
    commandId: idOf(digit),
    messageId: 'm',
    documentName: 'd',
    receivedAt: `2026-01-0${digit}T00:00:00.000Z`,
    payload: '',
    isCancelled: false,
    startedAt: null,
    runId: null,
    openStep: null,
    steps: [],
    reboot: null,
    reboots: 0,
    restarts: 0,
    final: null,
    isAnswered: false,
    ...change,
  };
}

describe('the journal of commands', () => {
  it('knows after a restart what was written before', () => {
    const directory = makePrivateDirectory();
    openCommandJournal(directory).write(makeEntry(1));
    expect(openCommandJournal(directory).find(idOf(1))).toEqual(makeEntry(1));
    expect(openCommandJournal(directory).find(idOf(2))).toBeNull();
  });

  it('lists what is not answered, oldest first', () => {
    const journal = openCommandJournal(makePrivateDirectory());
    for (const digit of [3, 1, 2]) journal.write(makeEntry(digit, { isAnswered: digit === 2 }));
    expect(journal.listUnanswered().entries.map((entry) => entry.commandId)).toEqual([idOf(1), idOf(3)]);
  });

  it('takes a damaged entry for no new command, and names it', () => {
    const directory = makePrivateDirectory();
    const path = join(directory, `${idOf(1)}.json`);
    writeFileSync(path, '{"commandId":');
    const journal = openCommandJournal(directory);
    expect(() => journal.find(idOf(1))).toThrow(expect.objectContaining({ code: 'STATE_DAMAGED' }));
    expect(journal.listUnanswered()).toEqual({ entries: [], damaged: [path] });
  });

  it('is not misled by what a crash left half written', () => {
    const directory = makePrivateDirectory();
    const journal = openCommandJournal(directory);
    journal.write(makeEntry(1));
    writeFileSync(join(directory, `${idOf(1)}.json.new`), '{"comm');
    expect(journal.find(idOf(1))).toEqual(makeEntry(1));
    journal.write(makeEntry(1, { isAnswered: true }));
    expect(readdirSync(directory)).toEqual([`${idOf(1)}.json`]);
  });

  it('forgets old commands, but never one that is not answered', () => {
    const journal = openCommandJournal(makePrivateDirectory());
    journal.write(makeEntry(1, { isAnswered: true }));
    journal.write(makeEntry(2));
    journal.write(makeEntry(4, { isAnswered: true }));
    journal.prune(new Date('2026-01-03T00:00:00.000Z'));
    expect([1, 2, 4].map((digit) => journal.find(idOf(digit)) !== null)).toEqual([false, true, true]);
  });

  it('has no place for an id that would lead out of its directory', () => {
    expect(() => openCommandJournal(makePrivateDirectory()).find('../identity')).toThrow(RangeError);
  });
});
