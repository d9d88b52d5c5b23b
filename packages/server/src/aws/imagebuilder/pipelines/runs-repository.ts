import type { Insertable, Selectable } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { ImagePipeline, PipelineKey } from './repository.ts';
import type { ImagePipelineRunsTable } from './tables.ts';

export type ImagePipelineRun = Selectable<ImagePipelineRunsTable>;

/** Pipelines whose time has come, the one that waits longest first. */
export async function listDuePipelineKeys(db: Database, now: Date, limit: number): Promise<PipelineKey[]> {
  return await db
    .selectFrom('imagePipelines')
    .select(['accountId', 'region', 'arnName'])
    .where('nextRunAt', '<=', now)
    .orderBy('nextRunAt')
    .orderBy('arnName')
    .limit(limit)
    .execute();
}

/** A pipeline, locked, if its time has come; undefined also while somebody else has it. */
export async function lockDuePipelineRow(
  db: Database,
  { accountId, region, arnName }: PipelineKey,
  now: Date,
): Promise<ImagePipeline | undefined> {
  return await db
    .selectFrom('imagePipelines')
    .selectAll()
    .where('accountId', '=', accountId)
    .where('region', '=', region)
    .where('arnName', '=', arnName)
    .where('nextRunAt', '<=', now)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
}

/** False where that time was decided on already. */
export async function insertRun(db: Database, run: Insertable<ImagePipelineRunsTable>): Promise<boolean> {
  const result = await db
    .insertInto('imagePipelineRuns')
    .values(run)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** The runs of a pipeline before a time of its schedule, the newest first. */
export async function listRuns(
  db: Database,
  { accountId, region, arnName }: PipelineKey,
  { before, limit }: { readonly before: Date | null; readonly limit: number },
): Promise<ImagePipelineRun[]> {
  let select = db
    .selectFrom('imagePipelineRuns')
    .selectAll()
    .where('accountId', '=', accountId)
    .where('region', '=', region)
    .where('arnName', '=', arnName);
  if (before !== null) select = select.where('scheduledAt', '<', before);
  return await select.orderBy('scheduledAt', 'desc').limit(limit).execute();
}
