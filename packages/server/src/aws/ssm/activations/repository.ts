import type { Insertable, Selectable } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Scope } from '../../../operations/scope.ts';
import type { ActivationsTable } from './tables.ts';

export type Activation = Selectable<ActivationsTable>;

export async function insertActivation(db: Database, activation: Insertable<ActivationsTable>): Promise<void> {
  await db.insertInto('activations').values(activation).execute();
}

export interface ActivationQuery {
  readonly activationIds?: readonly string[] | undefined;
  readonly iamRoles?: readonly string[] | undefined;
  readonly defaultInstanceNames?: readonly string[] | undefined;
  readonly afterActivationId: string;
  readonly limit: number;
}

/** One page of the activations that were not deleted, in the order of their ids. */
export async function listActivations(db: Database, scope: Scope, query: ActivationQuery): Promise<Activation[]> {
  let select = db
    .selectFrom('activations')
    .selectAll()
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('deletedAt', 'is', null)
    .where('activationId', '>', query.afterActivationId);
  if (query.activationIds) select = select.where('activationId', 'in', query.activationIds);
  if (query.iamRoles) select = select.where('iamRole', 'in', query.iamRoles);
  if (query.defaultInstanceNames) select = select.where('defaultInstanceName', 'in', query.defaultInstanceNames);
  return await select.orderBy('activationId').limit(query.limit).execute();
}

/** Marks it deleted; false when there is none (any more). */
export async function deleteActivation(db: Database, scope: Scope, activationId: string, now: Date): Promise<boolean> {
  const result = await db
    .updateTable('activations')
    .set({ deletedAt: now })
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('activationId', '=', activationId)
    .where('deletedAt', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** The activation with its row locked, so that two enrolments cannot both take its last use. */
export async function lockActivation(db: Database, activationId: string): Promise<Activation | undefined> {
  return await db
    .selectFrom('activations')
    .selectAll()
    .where('activationId', '=', activationId)
    .forUpdate()
    .executeTakeFirst();
}

/** Whose an activation is; undefined when there is none. */
export async function findActivationScope(db: Database, activationId: string): Promise<Scope | undefined> {
  return await db
    .selectFrom('activations')
    .select(['accountId', 'region'])
    .where('activationId', '=', activationId)
    .executeTakeFirst();
}

export async function countRegistration(db: Database, activationId: string): Promise<void> {
  await db
    .updateTable('activations')
    .set((row) => ({ registrationsCount: row('registrationsCount', '+', 1) }))
    .where('activationId', '=', activationId)
    .execute();
}
