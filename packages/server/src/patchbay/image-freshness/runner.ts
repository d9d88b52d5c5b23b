import type { Database } from '../../database/tables.ts';
import type { Dependencies } from '../../dependencies.ts';
import { refreshImageFreshness } from './refresh.ts';
import { anyImage, freshnessTopic } from './wake.ts';

/** Judges images anew as soon as somebody says so; every replica does, and whoever comes second finds nothing to do. */
export function startFreshnessRunner(
  db: Database,
  { wake, clock, logger }: Pick<Dependencies, 'wake' | 'clock' | 'logger'>,
): { stop(): Promise<void> } {
  let running: Promise<void> | null = null;
  let isWanted = false;
  const run = async () => {
    while (isWanted) {
      isWanted = false;
      try {
        await refreshImageFreshness(db, clock);
      } catch (error) {
        logger.warn({ error }, 'judging images anew failed; the job tries it again');
      }
    }
  };
  const unsubscribe = wake.subscribe(freshnessTopic, anyImage, () => {
    isWanted = true;
    running ??= run().finally(() => {
      running = null;
    });
  });
  return {
    stop: async () => {
      unsubscribe();
      await running;
    },
  };
}
