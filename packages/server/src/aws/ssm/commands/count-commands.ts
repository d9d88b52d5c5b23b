import type { Database } from '../../../database/tables.ts';

/** How many commands there are of each status, over all accounts. */
export async function countCommandsByStatus(db: Database): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('commands')
    .select((select) => ['status', select.fn.countAll<number>().as('count')])
    .groupBy('status')
    .execute();
  return new Map(rows.map(({ status, count }) => [status, count]));
}
