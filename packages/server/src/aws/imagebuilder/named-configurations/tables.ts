import type { ColumnType } from 'kysely';

/** A definition under a name, and no versions of it. Deleting one removes it. */
export interface NamedConfigurationsTable<Definition> {
  accountId: ColumnType<string, string, never>;
  region: ColumnType<string, string, never>;
  /** The name as ARNs hold it. */
  arnName: ColumnType<string, string, never>;
  /** As it was given. */
  name: ColumnType<string, string, never>;
  definition: ColumnType<Definition, string, string>;
  dateCreated: ColumnType<Date, Date, never>;
  /** Null until it is updated. */
  dateUpdated: Date | null;
}
