import { nextStart } from '@patchbay/patching';
import type { Database } from '../../../database/tables.ts';
import { listAllWindows, setNextStart, updateOpenExecutions } from './repository.ts';

/**
 * For a database that was restored: ends every execution that was open when the backup was made, and lets windows open at
 * their next time after now. What they were to start since then, the old control plane may have started. Answers how many
 * executions were ended.
 */
export async function endRestoredExecutions(
  db: Database,
  { backupAt, now }: { readonly backupAt: string; readonly now: Date },
): Promise<number> {
  for (const window of await listAllWindows(db)) await setNextStart(db, window.windowId, nextStart(window, now));
  return await updateOpenExecutions(db, {
    status: 'CANCELLED',
    statusDetails: `The control plane was restored from a backup of ${backupAt}, when this had not ended.`,
    endedAt: now,
  });
}
