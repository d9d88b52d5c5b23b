import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { GroupOutcome, PackageName } from '@patchbay/facts';
import { z } from 'zod';
import { syncDirectory } from '../state/index.ts';
import { PatcherError } from './patcher-error.ts';

const Entry = z.discriminatedUnion('kind', [
  /** What has to be restored at the end, noted before anything is touched. */
  z.object({ kind: z.literal('plan-begun'), planId: z.string(), at: z.string(), automatic: z.array(PackageName) }),
  z.object({ kind: z.literal('group-begun'), group: z.number().int(), at: z.string() }),
  z.object({ kind: z.literal('group-ended'), group: z.number().int(), at: z.string(), outcome: GroupOutcome }),
]);
type Entry = z.infer<typeof Entry>;

/** What became of one plan so far. Every step is on the disk before it is taken, so nothing that ended is ever run twice. */
export interface GroupJournal {
  readonly automatic: readonly PackageName[];
  outcomeOf(group: number): GroupOutcome | null;
  /** How often its transaction was begun. */
  attemptsAt(group: number): number;
  begin(group: number, at: Date): void;
  end(group: number, outcome: GroupOutcome, at: Date): void;
}

/**
 * Opens the journal of a plan, or continues the one that is there.
 * @throws PatcherError UNREADABLE_STATE when the file is damaged or of another plan
 */
export function openGroupJournal(
  path: string,
  planId: string,
  automaticNow: readonly PackageName[],
  at: Date,
): GroupJournal {
  const entries = existsSync(path) ? readEntries(path) : [];
  const [first] = entries;
  if (first !== undefined && (first.kind !== 'plan-begun' || first.planId !== planId)) {
    throw new PatcherError('UNREADABLE_STATE', `${path} is the journal of another plan`);
  }
  const append = (entry: Entry): void => {
    appendLine(path, JSON.stringify(entry));
    entries.push(entry);
  };
  if (first === undefined) {
    append({ kind: 'plan-begun', planId, at: at.toISOString(), automatic: [...automaticNow] });
  }
  return {
    automatic: first?.kind === 'plan-begun' ? first.automatic : automaticNow,
    outcomeOf(group) {
      const ended = entries.find((entry) => entry.kind === 'group-ended' && entry.group === group);
      return ended?.kind === 'group-ended' ? ended.outcome : null;
    },
    attemptsAt: (group) => entries.filter((entry) => entry.kind === 'group-begun' && entry.group === group).length,
    begin: (group, moment) => append({ kind: 'group-begun', group, at: moment.toISOString() }),
    end: (group, outcome, moment) => append({ kind: 'group-ended', group, at: moment.toISOString(), outcome }),
  };
}

function readEntries(path: string): Entry[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  // What follows the last line feed was cut short before it was on the disk, so the step it announces was not taken.
  const torn = lines.pop() ?? '';
  if (torn !== '') truncateSync(path, Buffer.byteLength(`${lines.join('\n')}${lines.length > 0 ? '\n' : ''}`));
  return lines.map((line, index) => {
    try {
      return Entry.parse(JSON.parse(line));
    } catch (error) {
      throw new PatcherError('UNREADABLE_STATE', `${path}, line ${index + 1} cannot be read`, { cause: error });
    }
  });
}

function appendLine(path: string, line: string): void {
  const isNew = !existsSync(path);
  const file = openSync(path, 'a', 0o600);
  try {
    writeSync(file, `${line}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (isNew) syncDirectory(dirname(path));
}
