import { builtInDocuments } from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import { readTagsOfType } from '../tags/repository.ts';
import { type DocumentFilter, type ListedEntry, matchesFilter } from './filters.ts';
import { findBuiltIn } from './find-document.ts';
import { listDocuments } from './repository.ts';

/** One page of all documents that an account sees, built in and own, in the order of their names. */
export async function pageDocuments(
  filters: readonly DocumentFilter[],
  after: string,
  limit: number,
  context: Pick<OperationContext, 'db' | 'accountId' | 'region'>,
): Promise<ListedEntry[]> {
  const builtIn = Object.keys(builtInDocuments)
    .flatMap((name) => findBuiltIn(name) ?? [])
    .map((document): ListedEntry => ({ ...document, tags: {} }));
  const tags = await readTagsOfType(context.db, context, 'Document');
  const own = (await listDocuments(context.db, context)).map(
    (document): ListedEntry => ({
      name: document.name,
      owner: context.accountId,
      isBuiltIn: false,
      platformTypes: document.platformTypes,
      version: document.defaultVersion,
      versionName: document.versionName ?? undefined,
      displayName: document.displayName ?? undefined,
      format: document.format,
      schemaVersion: document.schemaVersion,
      targetType: document.targetType ?? undefined,
      createdAt: document.createdAt,
      tags: tags.get(document.name) ?? {},
    }),
  );
  return [...builtIn, ...own]
    .filter((entry) => entry.name > after && filters.every((filter) => matchesFilter(entry, filter)))
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .slice(0, limit);
}
