import type { ColumnType } from 'kysely';

/** What a command brought along in place of its nodes' baselines, as it was read when the command was taken. */
export interface CommandOverridesTable {
  accountId: string;
  region: string;
  commandId: string;
  kind: 'install-list' | 'baselines';
  address: string;
  /** `sha256:<hex>` of the content. */
  digest: string;
  content: ColumnType<unknown, string, never>;
  readAt: Date;
}

export interface OverrideTables {
  commandOverrides: CommandOverridesTable;
}
