import type { Database } from '../../../database/tables.ts';
import type { Wake } from '../../../wake.ts';
import { advanceCommand } from './advance.ts';

/** What was not sent when the backup was made is withdrawn; of what was, only the node knows how it went. */
const ends = {
  withdrawn: {
    status: 'Cancelled',
    statusDetails: 'Cancelled',
    words: 'The node had not been given the command by then, and is not given it any more.',
  },
  unknown: {
    status: 'Failed',
    statusDetails: 'Failed',
    words:
      'The node had been given the command by then; how it ended is not known here. Scan the node to see how it is.',
  },
} as const;

/**
 * For a database that was restored: ends every command that had not ended when the backup was made, so that none is
 * sent again, perhaps weeks later. A reply that a node still has for one of them is taken and changes nothing. Answers
 * how many commands were ended.
 */
export async function endRestoredCommands(
  db: Database,
  { backupAt, now, wake }: { readonly backupAt: string; readonly now: Date; readonly wake: Wake },
): Promise<number> {
  const unfinished = await db
    .selectFrom('commandInvocations')
    .select('commandId')
    .distinct()
    .where('finishedAt', 'is', null)
    .execute();
  for (const end of [ends.withdrawn, ends.unknown]) {
    await db
      .updateTable('commandInvocations')
      .set({
        status: end.status,
        statusDetails: end.statusDetails,
        traceOutput: `The control plane was restored from a backup of ${backupAt}, when this command had not ended. ${end.words}`,
        finishedAt: now,
      })
      .where('finishedAt', 'is', null)
      .$if(end === ends.withdrawn, (update) =>
        update.where('visibleAt', 'is', null).where('acknowledgedAt', 'is', null),
      )
      .execute();
  }
  const dependencies = { wake, mostPatchingNodes: Number.POSITIVE_INFINITY };
  for (const { commandId } of unfinished) await advanceCommand(commandId, { db, now, dependencies });
  return unfinished.length;
}
