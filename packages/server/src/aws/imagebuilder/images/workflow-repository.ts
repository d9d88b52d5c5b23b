import type { Database } from '../../../database/tables.ts';
import type { Scope } from '../../../operations/scope.ts';
import { type Image, selectImages } from './repository.ts';

async function findImageBy(
  db: Database,
  scope: Scope,
  column: 'workflowExecutionId' | 'stepExecutionId',
  id: string,
): Promise<Image | undefined> {
  return await selectImages(db, scope)
    .selectAll()
    .where('imageId', 'in', (select) => select.selectFrom('imageBuildSteps').select('imageId').where(column, '=', id))
    .executeTakeFirst();
}

export async function findImageOfWorkflow(db: Database, scope: Scope, id: string): Promise<Image | undefined> {
  return await findImageBy(db, scope, 'workflowExecutionId', id);
}

export async function findImageOfStep(db: Database, scope: Scope, id: string): Promise<Image | undefined> {
  return await findImageBy(db, scope, 'stepExecutionId', id);
}
