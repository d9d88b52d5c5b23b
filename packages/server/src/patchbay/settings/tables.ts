import type { PatchSettings } from '@patchbay/contracts';
import type { ColumnType } from 'kysely';

/** Every revision of an account's settings: what a verdict was made under can be looked up. */
export interface PatchSettingsTable {
  accountId: string;
  revision: number;
  /** What differs from the defaults. */
  content: ColumnType<Partial<PatchSettings>, string, never>;
  changedAt: Date;
}

export interface SettingsTables {
  patchSettings: PatchSettingsTable;
}
