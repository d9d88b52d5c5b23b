export { type CommandJournal, openCommandJournal } from './command-journal.ts';
export { JournalEntry } from './journal-entry.ts';
