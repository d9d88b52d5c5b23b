import type { ColumnType } from 'kysely';

/** Who did what, when, from where, and what came of it. Partitioned by month of `happenedAt`. */
export interface AuditEventsTable {
  accountId: string;
  region: string;
  eventId: string;
  happenedAt: Date;
  principal: string;
  action: string;
  resource: string;
  sourceAddress: string;
  requestId: string;
  /** `success`, or the error's code. */
  result: string;
  /** The input with sensitive members left out. */
  input: ColumnType<unknown, string, never>;
}

/** What an idempotency token once brought about. */
export interface IdempotencyTokensTable {
  accountId: string;
  region: string;
  operation: string;
  token: string;
  inputHash: string;
  output: ColumnType<unknown, string, string>;
  createdAt: Date;
}

export interface OperationTables {
  auditEvents: AuditEventsTable;
  idempotencyTokens: IdempotencyTokensTable;
}
