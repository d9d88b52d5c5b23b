import type { ColumnType } from 'kysely';

/** The one row with the built-in certificate authority, which all replicas share. */
export interface CertificateAuthorityTable {
  /** Always 1. */
  id: ColumnType<number, number | undefined, never>;
  certificate: ColumnType<string, string, never>;
  /** PEM, sealed by the key file. */
  sealedPrivateKey: ColumnType<string, string, never>;
  createdAt: ColumnType<Date, Date, never>;
}

export interface TlsTables {
  certificateAuthority: CertificateAuthorityTable;
}
