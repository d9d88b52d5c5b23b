import type { PatchBaseline } from '@patchbay/facts';
import type { ColumnType } from 'kysely';

/** A baseline's newest revision and what never changes about it. */
export interface PatchBaselinesTable {
  accountId: string;
  region: string;
  baselineId: string;
  name: string;
  operatingSystem: string;
  revision: number;
  createdDate: Date;
  modifiedDate: Date;
  deletedAt: Date | null;
}

/** Every state that a baseline ever had: verdicts name the revision that they were made under. */
export interface PatchBaselineRevisionsTable {
  accountId: string;
  region: string;
  baselineId: string;
  revision: number;
  content: ColumnType<PatchBaseline, string, never>;
  createdAt: Date;
}

/** The default baseline of an operating system where it is not the predefined one. */
export interface DefaultPatchBaselinesTable {
  accountId: string;
  region: string;
  operatingSystem: string;
  baselineId: string;
}

export interface PatchBaselineTables {
  patchBaselines: PatchBaselinesTable;
  patchBaselineRevisions: PatchBaselineRevisionsTable;
  defaultPatchBaselines: DefaultPatchBaselinesTable;
}
