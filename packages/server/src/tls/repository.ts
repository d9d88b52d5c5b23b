import type { Insertable, Selectable } from 'kysely';
import type { Database } from '../database/tables.ts';
import type { CertificateAuthorityTable } from './tables.ts';

/** The certificate authority, if one was made. */
export async function findCertificateAuthority(
  db: Database,
): Promise<Selectable<CertificateAuthorityTable> | undefined> {
  return await db.selectFrom('certificateAuthority').selectAll().executeTakeFirst();
}

/** Stores a certificate authority unless another replica was first. */
export async function insertCertificateAuthority(
  db: Database,
  row: Insertable<CertificateAuthorityTable>,
): Promise<void> {
  await db
    .insertInto('certificateAuthority')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}
