import type { ColumnType } from 'kysely';

/** A right to enrol nodes. The code itself is never stored, only its hash. */
export interface ActivationsTable {
  accountId: string;
  region: string;
  activationId: string;
  codeHash: string;
  iamRole: string;
  description: string | null;
  defaultInstanceName: string | null;
  registrationLimit: number;
  registrationsCount: ColumnType<number, number | undefined, number>;
  expirationDate: Date;
  /** Given to every node that enrols with it. */
  tags: ColumnType<Record<string, string>, string, never>;
  createdDate: Date;
  deletedAt: Date | null;
}

export interface ActivationTables {
  activations: ActivationsTable;
}
