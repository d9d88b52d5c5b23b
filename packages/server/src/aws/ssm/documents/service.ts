import { builtInDocuments, type CommandDocument } from '@patchbay/patching';
import { DocumentError } from './errors.ts';

/** A document that exists without anybody creating it. */
export interface BuiltInDocument {
  readonly name: string;
  readonly content: CommandDocument;
}

/** The version that every built-in document has. */
const onlyVersion = '1';

/** The name in a document's ARN, or the name as it is. */
export function documentNameOf(nameOrArn: string): string {
  return nameOrArn.startsWith('arn:') ? nameOrArn.slice(nameOrArn.lastIndexOf('/') + 1) : nameOrArn;
}

/** A document by its name or ARN, at a version. */
export function findDocument(nameOrArn: string, version: string | undefined): BuiltInDocument {
  const name = documentNameOf(nameOrArn);
  const content = Object.hasOwn(builtInDocuments, name) ? builtInDocuments[name] : undefined;
  if (!content) {
    const known = Object.keys(builtInDocuments).join(', ');
    throw new DocumentError(
      'DOCUMENT_NOT_FOUND',
      `The specified document does not exist: ${nameOrArn}. There are: ${known}.`,
    );
  }
  if (version !== undefined && !['$LATEST', '$DEFAULT', onlyVersion].includes(version)) {
    throw new DocumentError(
      'DOCUMENT_VERSION',
      `The document version is not valid or does not exist: ${name} has only version ${onlyVersion}.`,
    );
  }
  return { name, content };
}

/** All documents in the order of their names. */
export function listEveryDocument(): readonly BuiltInDocument[] {
  return Object.entries(builtInDocuments)
    .map(([name, content]) => ({ name, content }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}
