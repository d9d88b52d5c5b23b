import type { OutputStream } from '@patchbay/contracts';
import type { Insertable } from 'kysely';
import { sql } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { CommandOutputsTable } from './tables.ts';

/** One stream of one step on one node. */
export interface StreamKey {
  readonly requestedAt: Date;
  readonly commandId: string;
  readonly instanceId: string;
  readonly pluginName: string;
  readonly stream: OutputStream;
}

/** Lets nobody else add to this stream until the transaction ends. */
export async function lockStream(db: Database, key: StreamKey): Promise<void> {
  const name = `patchbay:output:${key.commandId}:${key.instanceId}:${key.pluginName}:${key.stream}`;
  await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(db);
}

/** Only the members of the key, whatever else the value has. */
function keyOf({ requestedAt, commandId, instanceId, pluginName, stream }: StreamKey): StreamKey {
  return { requestedAt, commandId, instanceId, pluginName, stream };
}

/** How many bytes of a stream were handed in. */
export async function measureStream(db: Database, key: StreamKey): Promise<number> {
  const row = await db
    .selectFrom('commandOutputs')
    .select((select) => select.fn.max('endByte').as('endByte'))
    .where((where) => where.and({ ...keyOf(key) }))
    .executeTakeFirst();
  return row?.endByte ?? 0;
}

export async function insertChunk(db: Database, row: Insertable<CommandOutputsTable>): Promise<void> {
  await db.insertInto('commandOutputs').values(row).execute();
}

/** The chunk that holds a byte. */
export async function findChunk(
  db: Database,
  key: StreamKey,
  byte: number,
): Promise<{ readonly startByte: number; readonly endByte: number; readonly content: Buffer } | undefined> {
  return await db
    .selectFrom('commandOutputs')
    .select(['startByte', 'endByte', 'content'])
    .where((where) => where.and({ ...keyOf(key) }))
    .where('startByte', '<=', byte)
    .where('endByte', '>', byte)
    .executeTakeFirst();
}
