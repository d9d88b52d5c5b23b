import type { ImageBuildStep } from '@patchbay/contracts';
import { type Insertable, type Selectable, type SqlBool, sql, type Updateable } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Scope } from '../../../operations/scope.ts';
import type { ImageBuildLinesTable, ImageBuildStepsTable, ImageStatus, ImagesTable } from './tables.ts';

export type Image = Selectable<ImagesTable>;
export type StoredBuildStep = Selectable<ImageBuildStepsTable>;
export type StoredBuildLine = Selectable<ImageBuildLinesTable>;

export function selectImages(db: Database, { accountId, region }: Scope) {
  return db.selectFrom('images').where('accountId', '=', accountId).where('region', '=', region);
}

export async function existsImage(db: Database, scope: Scope, resourceId: string): Promise<boolean> {
  const found = await selectImages(db, scope).select('imageId').where('resourceId', '=', resourceId).executeTakeFirst();
  return found !== undefined;
}

/** Takes the number of the next build of a version; who takes another waits until this transaction has ended. */
export async function takeBuildNumber(
  db: Database,
  { accountId, region }: Scope,
  arnName: string,
  version: string,
): Promise<number> {
  const { lastBuild } = await db
    .insertInto('imageNumbers')
    .values({ accountId, region, versionId: `${arnName}/${version}`, lastBuild: 1 })
    .onConflict((conflict) =>
      conflict
        .columns(['accountId', 'region', 'versionId'])
        .doUpdateSet((row) => ({ lastBuild: row('imageNumbers.lastBuild', '+', 1) })),
    )
    .returning('lastBuild')
    .executeTakeFirstOrThrow();
  return lastBuild;
}

export async function insertImage(
  db: Database,
  image: Insertable<ImagesTable>,
  steps: readonly Insertable<ImageBuildStepsTable>[],
): Promise<void> {
  await db.insertInto('images').values(image).execute();
  await db.insertInto('imageBuildSteps').values(steps).execute();
}

export async function findImageById(db: Database, imageId: string): Promise<Image | undefined> {
  return await db.selectFrom('images').selectAll().where('imageId', '=', imageId).executeTakeFirst();
}

/** The image with its row locked. */
export async function lockImage(db: Database, imageId: string): Promise<Image | undefined> {
  return await db.selectFrom('images').selectAll().where('imageId', '=', imageId).forUpdate().executeTakeFirst();
}

export async function updateImage(db: Database, imageId: string, change: Updateable<ImagesTable>): Promise<void> {
  await db.updateTable('images').set(change).where('imageId', '=', imageId).execute();
}

export async function deleteImageRow(db: Database, imageId: string): Promise<void> {
  await db.deleteFrom('images').where('imageId', '=', imageId).execute();
}

/** What some nodes of a version fix: `[1]` for 1.x.x. */
export function hasVersion(fixed: readonly number[]) {
  return sql<SqlBool>`version_order[1:${sql.lit(fixed.length)}] = ${sql.val([...fixed])}::bigint[]`;
}

/** The newest build of a name whose version begins so; of a build number that one. */
export async function findNewestImage(
  db: Database,
  scope: Scope,
  wanted: {
    readonly arnName: string;
    readonly fixed: readonly number[];
    readonly build: number | null;
    readonly status?: ImageStatus;
  },
): Promise<Image | undefined> {
  let select = selectImages(db, scope).selectAll().where('arnName', '=', wanted.arnName);
  if (wanted.fixed.length > 0) select = select.where(hasVersion(wanted.fixed));
  if (wanted.build !== null) select = select.where('buildNumber', '=', wanted.build);
  if (wanted.status !== undefined) select = select.where('status', '=', wanted.status);
  return await select.orderBy('versionOrder', 'desc').orderBy('buildNumber', 'desc').limit(1).executeTakeFirst();
}

/**
 * The oldest build that nobody holds, locked; one that two callers would both take is taken by one. A lease that ran out
 * is nobody's.
 */
export async function lockNextBuild(db: Database, scope: Scope, now: Date): Promise<Image | undefined> {
  return await selectImages(db, scope)
    .selectAll()
    .where('status', 'in', ['PENDING', 'BUILDING', 'TESTING', 'DISTRIBUTING'])
    .where((where) => where.or([where('leaseUntil', 'is', null), where('leaseUntil', '<', now)]))
    .orderBy('dateCreated')
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
}

/** The newest image of a pipeline that became AVAILABLE, whoever started it. */
export async function findLastAvailable(db: Database, pipelineArn: string): Promise<Image | undefined> {
  return await db
    .selectFrom('images')
    .selectAll()
    .where('pipelineArn', '=', pipelineArn)
    .where('status', '=', 'AVAILABLE')
    .orderBy('dateCreated', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** The status of the newest image of each pipeline that has one. */
export async function readLastStatuses(
  db: Database,
  pipelineArns: readonly string[],
): Promise<ReadonlyMap<string, ImageStatus>> {
  if (pipelineArns.length === 0) return new Map();
  const rows = await db
    .selectFrom('images')
    .distinctOn('pipelineArn')
    .select(['pipelineArn', 'status'])
    .where('pipelineArn', 'in', pipelineArns)
    .orderBy('pipelineArn')
    .orderBy('dateCreated', 'desc')
    .orderBy('buildNumber', 'desc')
    .execute();
  return new Map(rows.map(({ pipelineArn, status }) => [pipelineArn ?? '', status]));
}

/** An image of a pipeline whose build has not ended. */
export async function findBuildUnderWay(db: Database, pipelineArn: string): Promise<Image | undefined> {
  return await db
    .selectFrom('images')
    .selectAll()
    .where('pipelineArn', '=', pipelineArn)
    .where('endedAt', 'is', null)
    .orderBy('dateCreated', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** Builds whose builder has said nothing for too long, locked; those that somebody else is about are left to him. */
export async function listLostBuilds(db: Database, now: Date): Promise<Image[]> {
  return await db
    .selectFrom('images')
    .selectAll()
    .where('status', 'in', ['BUILDING', 'TESTING', 'DISTRIBUTING'])
    .where('leaseUntil', '<', now)
    .orderBy('dateCreated')
    .limit(100)
    .forUpdate()
    .skipLocked()
    .execute();
}

export async function listBuildSteps(db: Database, imageId: string): Promise<StoredBuildStep[]> {
  return await db.selectFrom('imageBuildSteps').selectAll().where('imageId', '=', imageId).orderBy('ordinal').execute();
}

export async function updateBuildStep(db: Database, imageId: string, step: ImageBuildStep): Promise<void> {
  const { name, status, message, startedAt, endedAt } = step;
  const asDate = (text: string | null) => (text === null ? null : new Date(text));
  await db
    .updateTable('imageBuildSteps')
    .set({ status, message, startedAt: asDate(startedAt), endedAt: asDate(endedAt) })
    .where('imageId', '=', imageId)
    .where('name', '=', name)
    .execute();
}

/** Ends what of a build's steps has not ended: what runs as given, what waits as skipped. */
export async function endBuildSteps(
  db: Database,
  imageId: string,
  status: 'FAILED' | 'CANCELLED',
  message: string,
  now: Date,
): Promise<void> {
  const open = db.updateTable('imageBuildSteps').where('imageId', '=', imageId);
  await open.set({ status, message, endedAt: now }).where('status', '=', 'RUNNING').execute();
  await open.set({ status: 'SKIPPED', endedAt: now }).where('status', '=', 'PENDING').execute();
}

/** An image is available only when each of its steps has ended well, whether or not its builder could tell so of the last. */
export async function completeBuildSteps(db: Database, imageId: string, now: Date): Promise<void> {
  await db
    .updateTable('imageBuildSteps')
    .set({ status: 'COMPLETED', endedAt: now })
    .where('imageId', '=', imageId)
    .where('status', 'in', ['PENDING', 'RUNNING'])
    .execute();
}

/** A build that begins again begins with its first step. */
export async function resetBuildSteps(db: Database, imageId: string): Promise<void> {
  await db
    .updateTable('imageBuildSteps')
    .set({ status: 'PENDING', message: '', startedAt: null, endedAt: null })
    .where('imageId', '=', imageId)
    .execute();
}

/** How much of a build's output is kept: the number that comes next, its characters, and whether a line says that it is all. */
export async function measureBuildLines(
  db: Database,
  imageId: string,
  lastLine: string,
): Promise<{ readonly next: number; readonly characters: number; readonly isFull: boolean }> {
  const row = await db
    .selectFrom('imageBuildLines')
    .select((select) => [
      select.fn.max('number').as('last'),
      sql<string>`coalesce(sum(length(text)), 0)`.as('characters'),
      sql<boolean>`coalesce(bool_or(stream = 'info' and text = ${lastLine}), false)`.as('isFull'),
    ])
    .where('imageId', '=', imageId)
    .executeTakeFirstOrThrow();
  return { next: (row.last ?? -1) + 1, characters: Number(row.characters), isFull: row.isFull };
}

export async function insertBuildLines(
  db: Database,
  lines: readonly Insertable<ImageBuildLinesTable>[],
): Promise<void> {
  if (lines.length === 0) return;
  await db
    .insertInto('imageBuildLines')
    .values(lines)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function listBuildLines(
  db: Database,
  imageId: string,
  from: number,
  limit: number,
): Promise<StoredBuildLine[]> {
  return await db
    .selectFrom('imageBuildLines')
    .selectAll()
    .where('imageId', '=', imageId)
    .where('number', '>=', from)
    .orderBy('number')
    .limit(limit)
    .execute();
}
