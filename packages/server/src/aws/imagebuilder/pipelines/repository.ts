import { type Insertable, type Selectable, sql, type Updateable } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Reach } from '../../../operations/authorize.ts';
import type { Scope } from '../../../operations/scope.ts';
import { isTaggedWithinReach } from '../../ssm/tags/reach-condition.ts';
import { type ImagePipelinesTable, imagePipelineType } from './tables.ts';

export type ImagePipeline = Selectable<ImagePipelinesTable>;

/** Names one pipeline. */
export interface PipelineKey extends Scope {
  readonly arnName: string;
}

function selectPipelines(db: Database, { accountId, region }: Scope) {
  return db.selectFrom('imagePipelines').where('accountId', '=', accountId).where('region', '=', region);
}

export async function countPipelines(db: Database, scope: Scope): Promise<number> {
  const { count } = await selectPipelines(db, scope)
    .select((select) => select.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** False when there is one of that name already. */
export async function insertPipeline(db: Database, pipeline: Insertable<ImagePipelinesTable>): Promise<boolean> {
  const result = await db
    .insertInto('imagePipelines')
    .values(pipeline)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function findPipeline(db: Database, scope: Scope, arnName: string): Promise<ImagePipeline | undefined> {
  return await selectPipelines(db, scope).selectAll().where('arnName', '=', arnName).executeTakeFirst();
}

export async function existsImagePipeline(db: Database, scope: Scope, arnName: string): Promise<boolean> {
  return (await findPipeline(db, scope, arnName)) !== undefined;
}

/** The same, unchanged by anybody else until the transaction ends. */
export async function lockPipeline(
  db: Database,
  { arnName, ...scope }: PipelineKey,
): Promise<ImagePipeline | undefined> {
  return await selectPipelines(db, scope).selectAll().where('arnName', '=', arnName).forUpdate().executeTakeFirst();
}

export async function updatePipelineRow(
  db: Database,
  { accountId, region, arnName }: PipelineKey,
  change: Updateable<ImagePipelinesTable>,
): Promise<void> {
  await db
    .updateTable('imagePipelines')
    .set(change)
    .where('accountId', '=', accountId)
    .where('region', '=', region)
    .where('arnName', '=', arnName)
    .execute();
}

/** Deletes a pipeline with its runs; false when there is none. */
export async function deletePipelineRow(db: Database, scope: Scope, arnName: string): Promise<boolean> {
  const result = await db
    .deleteFrom('imagePipelines')
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('arnName', '=', arnName)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** The names of pipelines that refer to a configuration, the first few of them. */
export async function listPipelinesReferringTo(db: Database, scope: Scope, arn: string): Promise<string[]> {
  const rows = await selectPipelines(db, scope)
    .select('arnName')
    .where((where) =>
      where.or([where('infrastructureConfigurationArn', '=', arn), where('distributionConfigurationArn', '=', arn)]),
    )
    .orderBy('arnName')
    .limit(3)
    .execute();
  return rows.map(({ arnName }) => arnName);
}

/** Pipelines whose recipe's ARN begins so. */
export async function listPipelinesWithRecipe(
  db: Database,
  scope: Scope,
  arnPrefix: string,
): Promise<Pick<ImagePipeline, 'arnName' | 'recipeArn'>[]> {
  return await selectPipelines(db, scope)
    .select(['arnName', 'recipeArn'])
    .where(sql<boolean>`starts_with(recipe_arn, ${arnPrefix})`)
    .orderBy('arnName')
    .execute();
}

/** What ListImagePipelines asks for. */
export interface PipelineQuery {
  readonly reach: Reach;
  /** Each list must hold, by any of its values. */
  readonly wanted: readonly { readonly column: PipelineColumn; readonly values: readonly string[] }[];
  readonly afterArnName: string;
  readonly limit: number;
}

export type PipelineColumn =
  | 'name'
  | 'status'
  | 'recipeArn'
  | 'infrastructureConfigurationArn'
  | 'distributionConfigurationArn'
  | 'description';

/** In the order of their names as ARNs hold them. */
export async function listPipelines(
  db: Database,
  scope: Scope,
  { reach, wanted, afterArnName, limit }: PipelineQuery,
): Promise<ImagePipeline[]> {
  let select = selectPipelines(db, scope).selectAll().where('arnName', '>', afterArnName);
  for (const { column, values } of wanted) {
    const looked = column === 'description' ? sql<string>`definition ->> 'description'` : sql.ref<string>(column);
    select = select.where(sql<boolean>`${looked} = any(${[...values]}::text[])`);
  }
  const isWithinReach = isTaggedWithinReach(reach, scope, imagePipelineType, 'imagePipelines.arnName');
  if (isWithinReach) select = select.where(isWithinReach);
  return await select.orderBy('arnName').limit(limit).execute();
}
