export { type CommandJournal, openCommandJournal } from './command-journal.ts';
export { JournalEntry, type PendingReboot } from './journal-entry.ts';
