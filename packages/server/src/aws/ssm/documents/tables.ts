import type { CommandDocument } from '@patchbay/patching';
import type { ColumnType } from 'kysely';

/** A document that somebody created. Versions count from 1; a number is not given twice while the document exists. */
export interface DocumentsTable {
  accountId: string;
  region: string;
  name: string;
  defaultVersion: number;
  /** The highest number that was given out, also where that version was deleted. */
  lastVersion: number;
  targetType: string | null;
  createdAt: Date;
  createdBy: string;
}

/** One version: the text as it was given, and what agents get of it. */
export interface DocumentVersionsTable {
  accountId: string;
  region: string;
  name: string;
  version: number;
  versionName: string | null;
  displayName: string | null;
  format: 'JSON' | 'YAML';
  /** What the text says; `content` is of 2.2 always. */
  schemaVersion: string;
  text: string;
  /** Sha256 of the text. */
  hash: string;
  platformTypes: string[];
  content: ColumnType<CommandDocument, string, never>;
  createdAt: Date;
  createdBy: string;
}

export interface DocumentTables {
  documents: DocumentsTable;
  documentVersions: DocumentVersionsTable;
}
