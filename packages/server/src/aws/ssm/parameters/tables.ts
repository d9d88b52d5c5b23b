import type { ColumnType } from 'kysely';
import type { ParameterPolicy } from './policies.ts';

export type ParameterType = 'String' | 'StringList' | 'SecureString';
export type ParameterTier = 'Standard' | 'Advanced';

/** What never changes about a parameter, its newest version, and when it goes by itself. */
export interface ParametersTable {
  accountId: string;
  region: string;
  name: string;
  type: ParameterType;
  version: number;
  expiresAt: Date | null;
}

/** One version, as PutParameter stored it. */
export interface ParameterVersionsTable {
  accountId: string;
  region: string;
  name: string;
  version: number;
  /** Of a SecureString: sealed. */
  value: string;
  tier: ParameterTier;
  dataType: string;
  keyId: string | null;
  description: string | null;
  allowedPattern: string | null;
  policies: ColumnType<ParameterPolicy[], string, string>;
  modifiedAt: Date;
  modifiedBy: string;
}

/** A label stands at one version of its parameter. */
export interface ParameterLabelsTable {
  accountId: string;
  region: string;
  name: string;
  label: string;
  version: number;
}

/** A version whose value went out with a command. */
export interface CommandParametersTable {
  accountId: string;
  region: string;
  commandId: string;
  requestedAt: Date;
  name: string;
  version: number;
}

export interface ParameterTables {
  parameters: ParametersTable;
  parameterVersions: ParameterVersionsTable;
  parameterLabels: ParameterLabelsTable;
  commandParameters: CommandParametersTable;
}
