import type { Database } from '../../../database/tables.ts';
import { onlineSince } from './presence.ts';

/** How many registered nodes answer, and how many do not, over all accounts. */
export async function countNodesByPingStatus(db: Database, now: Date): Promise<ReadonlyMap<string, number>> {
  const { online, total } = await db
    .selectFrom('nodes')
    .select((select) => [
      select.fn.countAll<number>().as('total'),
      select.fn
        .countAll<number>()
        .filterWhere('lastPingAt', '>=', onlineSince(now))
        .filterWhere('stoppedAt', 'is', null)
        .as('online'),
    ])
    .where('deregisteredAt', 'is', null)
    .where('archivedAt', 'is', null)
    .executeTakeFirstOrThrow();
  return new Map([
    ['Online', online],
    ['ConnectionLost', total - online],
  ]);
}
