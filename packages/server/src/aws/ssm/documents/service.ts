import { createHash } from 'node:crypto';
import {
  builtInDocuments,
  type CommandDocument,
  type ParameterValues,
  resolveParameters,
  substituteParameters,
} from '@patchbay/patching';
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

/** Sha256 of a document's content, as DescribeDocument tells it and SendCommand compares it. */
export function hashDocument(content: CommandDocument): string {
  return createHash('sha256')
    .update(JSON.stringify(content, null, 2))
    .digest('hex');
}

/** How deep documents may run documents (SSM user guide, aws:runDocument). */
const deepestNesting = 3;

/**
 * The documents that the steps of a document run, by the names under which it names them, and theirs. They go to the
 * node together with the command, under one signature: what a node runs is settled when the command is sent.
 */
export function resolveNested(
  document: CommandDocument,
  values: ParameterValues,
  depth = 1,
): Record<string, CommandDocument> {
  const nested: Record<string, CommandDocument> = {};
  for (const step of document.mainSteps) {
    if (step.action !== 'aws:runDocument') continue;
    const path = substituteParameters(step.inputs['documentPath'], values);
    if (typeof path !== 'string') throw new DocumentError('DOCUMENT_NOT_FOUND', `${step.name} names no document.`);
    if (depth > deepestNesting) {
      throw new DocumentError('DOCUMENT_NOT_FOUND', `${path} is nested deeper than ${deepestNesting} documents.`);
    }
    const { content } = findDocument(path, undefined);
    const resolved = resolveParameters(content, {});
    if (!resolved.ok) {
      const problems = resolved.problems.map((problem) => problem.message).join('; ');
      throw new DocumentError('DOCUMENT_NOT_FOUND', `${path} cannot be a hook: ${problems}.`);
    }
    Object.assign(nested, resolveNested(content, resolved.values, depth + 1), { [path]: content });
  }
  return nested;
}

/** All documents in the order of their names. */
export function listEveryDocument(): readonly BuiltInDocument[] {
  return Object.entries(builtInDocuments)
    .map(([name, content]) => ({ name, content }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}
