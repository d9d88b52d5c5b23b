import { type Selectable, sql } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { AvailablePackagesTable } from '../../../patchbay/archive-watches/tables.ts';

export type AvailablePackage = Selectable<AvailablePackagesTable>;

/** Where a row stands in the order of all pages. */
export type AvailablePosition = Pick<AvailablePackagesTable, 'name' | 'architecture' | 'version' | 'archiveKey'>;

/** All given conditions hold; the values of one are alternatives. */
export interface AvailableConditions {
  readonly archiveKeys: readonly string[];
  readonly names?: readonly string[];
  readonly architectures?: readonly string[];
  /** Whole versions, or what stands between epoch and revision. */
  readonly versions?: readonly string[];
  readonly epochs?: readonly number[];
  readonly revisions?: readonly string[];
  readonly sections?: readonly string[];
  readonly priorities?: readonly string[];
}

/** The next rows after a position. One range of the primary key, however deep the page lies. */
export async function listAvailable(
  db: Database,
  accountId: string,
  conditions: AvailableConditions,
  after: AvailablePosition | undefined,
  limit: number,
): Promise<AvailablePackage[]> {
  const { archiveKeys, names, architectures, versions, epochs, revisions, sections, priorities } = conditions;
  // A condition without values leaves nothing, and PostgreSQL has no empty list.
  if (Object.values(conditions).some((values: readonly unknown[]) => values.length === 0)) return [];
  let select = db
    .selectFrom('availablePackages')
    .selectAll()
    .where('accountId', '=', accountId)
    .where('archiveKey', 'in', archiveKeys);
  if (names) select = select.where('name', 'in', names);
  if (architectures) select = select.where('architecture', 'in', architectures);
  if (versions) {
    select = select.where((where) =>
      where.or([where('version', 'in', versions), where('upstreamVersion', 'in', versions)]),
    );
  }
  if (epochs) select = select.where('epoch', 'in', epochs.map(String));
  if (revisions) select = select.where('revision', 'in', revisions);
  if (sections) select = select.where(sql<string>`lower(section)`, 'in', sections);
  if (priorities) select = select.where(sql<string>`lower(priority)`, 'in', priorities);
  if (after) {
    select = select.where(
      sql<boolean>`(name, architecture, version, archive_key) > (${after.name}, ${after.architecture}, ${after.version}, ${after.archiveKey})`,
    );
  }
  return await select
    .orderBy('name')
    .orderBy('architecture')
    .orderBy('version')
    .orderBy('archiveKey')
    .limit(limit)
    .execute();
}
