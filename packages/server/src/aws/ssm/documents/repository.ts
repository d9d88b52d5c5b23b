import { type Insertable, type Selectable, sql } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Scope } from '../../../operations/scope.ts';
import type { DocumentsTable, DocumentVersionsTable } from './tables.ts';

export type StoredDocument = Selectable<DocumentsTable>;
export type StoredVersion = Selectable<DocumentVersionsTable>;
/** What lists show of a version. */
export type VersionSummary = Omit<StoredVersion, 'text' | 'content'>;

/** Lets creations in an account wait for each other, so that two cannot both fill the last place of the quota. */
export async function lockDocuments(db: Database, { accountId, region }: Scope): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('patchbay:documents'), hashtext(${`${accountId} ${region}`}))`.execute(
    db,
  );
}

export async function countDocuments(db: Database, scope: Scope): Promise<number> {
  const row = await selectDocuments(db, scope)
    .select((select) => select.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function existsDocument(db: Database, scope: Scope, name: string): Promise<boolean> {
  return (await findDocumentRow(db, scope, name)) !== undefined;
}

export async function findDocumentRow(db: Database, scope: Scope, name: string): Promise<StoredDocument | undefined> {
  return await selectDocuments(db, scope).selectAll().where('name', '=', name).executeTakeFirst();
}

/** The same for somebody who is about to change it: others wait until the transaction ends. */
export async function lockDocument(db: Database, scope: Scope, name: string): Promise<StoredDocument | undefined> {
  return await selectDocuments(db, scope).selectAll().where('name', '=', name).forUpdate().executeTakeFirst();
}

function selectDocuments(db: Database, { accountId, region }: Scope) {
  return db.selectFrom('documents').where('accountId', '=', accountId).where('region', '=', region);
}

export async function insertDocument(db: Database, document: Insertable<DocumentsTable>): Promise<void> {
  await db.insertInto('documents').values(document).execute();
}

export async function insertVersion(db: Database, version: Insertable<DocumentVersionsTable>): Promise<void> {
  await db.insertInto('documentVersions').values(version).execute();
}

export async function updateDocumentRow(
  db: Database,
  { accountId, region }: Scope,
  name: string,
  change: { readonly defaultVersion?: number; readonly lastVersion?: number; readonly targetType?: string },
): Promise<void> {
  await db
    .updateTable('documents')
    .set(change)
    .where('accountId', '=', accountId)
    .where('region', '=', region)
    .where('name', '=', name)
    .execute();
}

export async function deleteDocumentRow(db: Database, { accountId, region }: Scope, name: string): Promise<void> {
  await db
    .deleteFrom('documents')
    .where('accountId', '=', accountId)
    .where('region', '=', region)
    .where('name', '=', name)
    .execute();
}

export async function deleteVersion(
  db: Database,
  { accountId, region }: Scope,
  name: string,
  version: number,
): Promise<void> {
  await db
    .deleteFrom('documentVersions')
    .where('accountId', '=', accountId)
    .where('region', '=', region)
    .where('name', '=', name)
    .where('version', '=', version)
    .execute();
}

export async function findVersion(
  db: Database,
  { accountId, region }: Scope,
  name: string,
  version: number,
): Promise<StoredVersion | undefined> {
  return await db
    .selectFrom('documentVersions')
    .selectAll()
    .where('accountId', '=', accountId)
    .where('region', '=', region)
    .where('name', '=', name)
    .where('version', '=', version)
    .executeTakeFirst();
}

/** All versions of a document without their texts, the newest first. */
export async function listVersions(
  db: Database,
  { accountId, region }: Scope,
  name: string,
): Promise<VersionSummary[]> {
  return await db
    .selectFrom('documentVersions')
    .select([
      'accountId',
      'region',
      'name',
      'version',
      'versionName',
      'displayName',
      'format',
      'schemaVersion',
      'hash',
      'platformTypes',
      'createdAt',
      'createdBy',
    ])
    .where('accountId', '=', accountId)
    .where('region', '=', region)
    .where('name', '=', name)
    .orderBy('version', 'desc')
    .execute();
}

export type ListedDocument = StoredDocument &
  Pick<StoredVersion, 'versionName' | 'displayName' | 'format' | 'schemaVersion' | 'platformTypes'>;

/** Every document with its default version, by name. */
export async function listDocuments(db: Database, { accountId, region }: Scope): Promise<ListedDocument[]> {
  return await db
    .selectFrom('documents')
    .innerJoin('documentVersions as version', (join) =>
      join
        .onRef('version.accountId', '=', 'documents.accountId')
        .onRef('version.region', '=', 'documents.region')
        .onRef('version.name', '=', 'documents.name')
        .onRef('version.version', '=', 'documents.defaultVersion'),
    )
    .selectAll('documents')
    .select([
      'version.versionName',
      'version.displayName',
      'version.format',
      'version.schemaVersion',
      'version.platformTypes',
    ])
    .where('documents.accountId', '=', accountId)
    .where('documents.region', '=', region)
    .orderBy(sql`documents.name collate "C"`)
    .execute();
}
