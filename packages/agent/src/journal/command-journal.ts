import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError } from '../agent-error.ts';
import { readJsonFile, removeFileDurably, writeFileDurably } from '../state/index.ts';
import { JournalEntry } from './journal-entry.ts';

/** What this node was told to do. Every write is on disk when it returns. */
export interface CommandJournal {
  /** Null for a command that was never received. @throws AgentError STATE_DAMAGED */
  find(commandId: string): JournalEntry | null;
  write(entry: JournalEntry): void;
  /** Commands that are not answered yet, oldest first; `damaged` names files that cannot be read. */
  listUnanswered(): { readonly entries: readonly JournalEntry[]; readonly damaged: readonly string[] };
  /** Forgets answered commands received before a moment. */
  prune(before: Date): void;
}

export function openCommandJournal(directory: string): CommandJournal {
  const fileOf = (commandId: string) => {
    if (!/^[0-9a-f-]{36}$/.test(commandId)) throw new RangeError(`${commandId} is not a command id`);
    return join(directory, `${commandId}.json`);
  };
  const readAll = () => {
    const entries: JournalEntry[] = [];
    const damaged: string[] = [];
    for (const name of readdirSync(directory).filter((each) => each.endsWith('.json'))) {
      try {
        const entry = readJsonFile(join(directory, name), JournalEntry);
        if (entry !== null) entries.push(entry);
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
        damaged.push(join(directory, name));
      }
    }
    return { entries: entries.toSorted((left, right) => left.receivedAt.localeCompare(right.receivedAt)), damaged };
  };
  return {
    find: (commandId) => readJsonFile(fileOf(commandId), JournalEntry),
    write: (entry) => writeFileDurably(fileOf(entry.commandId), JSON.stringify(entry)),
    listUnanswered() {
      const { entries, damaged } = readAll();
      return { entries: entries.filter((entry) => !entry.isAnswered), damaged };
    },
    prune(before) {
      for (const entry of readAll().entries) {
        if (entry.isAnswered && Date.parse(entry.receivedAt) < before.getTime()) {
          removeFileDurably(fileOf(entry.commandId));
        }
      }
    },
  };
}
