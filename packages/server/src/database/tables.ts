import type { ColumnType, Generated, Kysely, Transaction } from 'kysely';
import type { FeatureTables } from './feature-tables.ts';

/** The one row that says what this installation is. */
export interface InstallationTable {
  /** Always 1. */
  id: Generated<number>;
  accountId: ColumnType<string, string, never>;
  createdAt: ColumnType<Date, Date, never>;
  /** Base64 of the Ed25519 seed, sealed by the key file. */
  signingSeedSealed: ColumnType<string, string, never>;
  /** Tells a wrong key file before anything is written with it. */
  keyCheck: ColumnType<string, string, never>;
}

/** Tables whose rows are spread over one partition per month, for `ensurePartitions`. */
export interface MonthlyPartitionedTable {
  tableName: ColumnType<string, string, never>;
  partitionColumn: ColumnType<string, string, never>;
}

/** Every table, in camelCase; `CamelCasePlugin` turns the names into snake_case. */
export interface Tables extends FeatureTables {
  installation: InstallationTable;
  monthlyPartitionedTable: MonthlyPartitionedTable;
}

export type Database = Kysely<Tables>;
export type DatabaseTransaction = Transaction<Tables>;
