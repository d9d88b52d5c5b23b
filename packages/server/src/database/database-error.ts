import { AppError } from '@patchbay/facts';

/** Why the embedded PostgreSQL cannot be used; the message says what to do. */
export class EmbeddedPostgresError extends AppError<
  | 'PLATFORM_NOT_SUPPORTED'
  | 'NAMESPACE_NOT_PERMITTED'
  | 'USER_WITHOUT_NAME'
  | 'VERSION_MISMATCH'
  | 'INITDB_FAILED'
  | 'START_FAILED'
  | 'KEEPS_STOPPING'
  | 'ORPHAN_DOES_NOT_STOP'
> {}

/** A connection to PostgreSQL that could not be made or broke; the work on it did not take place as a whole. */
export class ConnectionError extends AppError<'CONNECTION_FAILED' | 'CONNECTION_LOST'> {}

/** A transaction that was not carried out, or of which nobody can say whether it was. */
export class TransactionError extends AppError<'OUTCOME_UNKNOWN'> {}

/** Why the schema could not be brought to this program's version. */
export class MigrationError extends AppError<'MIGRATION_FAILED' | 'DATABASE_NEWER'> {}

/** Stored facts about the installation that contradict how the server was started. */
export class InstallationError extends AppError<'WRONG_KEY_FILE' | 'ACCOUNT_MISMATCH' | 'RESTORE_UNFINISHED'> {}
