import type { Database } from '../../database/tables.ts';
import type { Logger } from '../../observability/index.ts';
import { notFrozenAnywhere } from '../../patchbay/change-freezes/holds.ts';
import { nodeTopic } from '../ssm/commands/advance.ts';
import { listDeliverableNodes } from '../ssm/commands/deliverable.ts';

/** How late a message may come whose notification was lost, or that has become due by itself. */
export const lookEveryMilliseconds = 2_000;

/** Looks for all waiting polls of this replica at once, again and again. */
export function startLookout(parts: {
  readonly db: Database;
  readonly clock: () => Date;
  readonly wakeSubscribers: (topic: string, keys: readonly string[]) => void;
  readonly logger: Logger;
}): { stop(): Promise<void> } {
  const { db, clock, wakeSubscribers, logger } = parts;
  let looking: Promise<void> | null = null;
  const look = async () => {
    try {
      const now = clock();
      wakeSubscribers(nodeTopic, await listDeliverableNodes(db, now, await notFrozenAnywhere(db, now)));
    } catch (error) {
      logger.warn({ error }, 'looking for messages failed');
    }
  };
  const timer = setInterval(() => {
    looking ??= look().finally(() => {
      looking = null;
    });
  }, lookEveryMilliseconds);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}
