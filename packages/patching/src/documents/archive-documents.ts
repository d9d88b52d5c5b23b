import { patchDocumentName } from './built-in-documents.ts';
import { hooksDocumentName } from './patch-hooks.ts';
import { applyDocumentName, planDocumentName } from './patch-plans.ts';

/** Documents that let a node ask its archives: too many at once are more than an archive takes. */
export const archiveDocuments: readonly string[] = [
  patchDocumentName,
  hooksDocumentName,
  planDocumentName,
  applyDocumentName,
];

export function asksArchives(documentName: string): boolean {
  return archiveDocuments.includes(documentName);
}
