import type { Pool } from 'pg';
import { countCommandsByStatus } from './aws/ssm/commands/count-commands.ts';
import { countNodesByPingStatus } from './aws/ssm/instances/count-nodes.ts';
import type { Database } from './database/tables.ts';
import type { Metrics } from './observability/index.ts';

/** Counting many rows for each of several scrapers would be a load of its own. */
const keptMilliseconds = 10_000;

type Counts = ReadonlyMap<string, number>;

function remember(read: () => Promise<Counts>, clock: () => Date): () => Promise<Counts> {
  let kept: { readonly at: number; readonly counts: Promise<Counts> } | null = null;
  return async () => {
    const at = clock().getTime();
    if (kept === null || at - kept.at >= keptMilliseconds) {
      const counts = read();
      // A failure is not kept.
      counts.catch(() => {
        kept = null;
      });
      kept = { at, counts };
    }
    return await kept.counts;
  };
}

/** The numbers that lie in the database and in the pool of connections to it. */
export function addServerGauges(
  metrics: Metrics,
  { pool, db, clock }: { readonly pool: Pool; readonly db: Database; readonly clock: () => Date },
): void {
  metrics.addGauge({
    name: 'patchbay_commands',
    help: 'Commands by status.',
    label: 'status',
    read: remember(() => countCommandsByStatus(db), clock),
  });
  metrics.addGauge({
    name: 'patchbay_nodes',
    help: 'Registered nodes by ping status.',
    label: 'ping_status',
    read: remember(() => countNodesByPingStatus(db, clock()), clock),
  });
  metrics.addGauge({
    name: 'patchbay_database_connections',
    help: 'Connections of the pool by state; waiting: requests that wait for one.',
    label: 'state',
    read: () =>
      new Map([
        ['used', pool.totalCount - pool.idleCount],
        ['idle', pool.idleCount],
        ['waiting', pool.waitingCount],
      ]),
  });
}
