import type { Database } from '../../../database/tables.ts';
import type { Scope } from '../../../operations/scope.ts';

/** The labels of a parameter, in their order. */
export async function listLabels(
  db: Database,
  scope: Scope,
  name: string,
): Promise<{ label: string; version: number }[]> {
  return await db
    .selectFrom('parameterLabels')
    .select(['label', 'version'])
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('name', '=', name)
    .orderBy('label')
    .execute();
}

/** Puts labels at a version, away from where they were. */
export async function moveLabels(
  db: Database,
  { accountId, region }: Scope,
  name: string,
  version: number,
  labels: readonly string[],
): Promise<void> {
  if (labels.length === 0) return;
  await db
    .insertInto('parameterLabels')
    .values(labels.map((label) => ({ accountId, region, name, label, version })))
    .onConflict((conflict) => conflict.columns(['accountId', 'region', 'name', 'label']).doUpdateSet({ version }))
    .execute();
}

export async function removeLabels(
  db: Database,
  scope: Scope,
  name: string,
  version: number,
  labels: readonly string[],
): Promise<void> {
  if (labels.length === 0) return;
  await db
    .deleteFrom('parameterLabels')
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .where('name', '=', name)
    .where('version', '=', version)
    .where('label', 'in', labels)
    .execute();
}
