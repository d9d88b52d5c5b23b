import type { ListDocumentsRequest } from '@aws-sdk/client-ssm';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { DocumentError } from './errors.ts';

/** What ListDocuments shows of a document, and filters by. */
export interface ListedEntry {
  readonly name: string;
  readonly owner: string;
  readonly isBuiltIn: boolean;
  readonly platformTypes: readonly string[];
  readonly version: number;
  readonly versionName: string | undefined;
  readonly displayName: string | undefined;
  readonly format: 'JSON' | 'YAML';
  readonly schemaVersion: string;
  readonly targetType: string | undefined;
  readonly createdAt: Date | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** Values of one filter are alternatives; several filters must all hold. */
export interface DocumentFilter {
  readonly key: string;
  readonly values: readonly string[];
}

const filterKeys = ['Name', 'Owner', 'PlatformTypes', 'DocumentType', 'TargetType', 'SearchKeyword'];

/** Reads both lists of filters; a key that documents do not have is an error even where nothing is to be listed. */
export function readDocumentFilters(input: CamelCased<ListDocumentsRequest>): DocumentFilter[] {
  const filters = [
    ...(input.filters ?? []).map(({ key = '', values = [] }) => ({ key, values })),
    ...(input.documentFilterList ?? []).map(({ key = '', value = '' }) => ({ key, values: [value] })),
  ];
  for (const { key } of filters) {
    if (filterKeys.includes(key) || key.startsWith('tag:')) continue;
    throw new DocumentError('DOCUMENT_FILTER', `${key} is not a key that documents can be filtered by.`);
  }
  return filters;
}

export function matchesFilter(entry: ListedEntry, { key, values }: DocumentFilter): boolean {
  switch (key) {
    case 'Name':
      return values.some((value) => entry.name.startsWith(value));
    case 'Owner':
      return values.some((value) =>
        entry.isBuiltIn ? value === 'Amazon' || value === 'Public' : value === 'Self' || value === 'Private',
      );
    case 'PlatformTypes':
      return values.some((value) => entry.platformTypes.includes(value));
    case 'DocumentType':
      return values.includes('Command');
    case 'TargetType':
      return entry.targetType !== undefined && values.includes(entry.targetType);
    case 'SearchKeyword':
      return values.some((value) => entry.name.toLowerCase().includes(value.toLowerCase()));
    default: {
      const name = key.slice('tag:'.length);
      const value = Object.hasOwn(entry.tags, name) ? entry.tags[name] : undefined;
      return value !== undefined && values.includes(value);
    }
  }
}
