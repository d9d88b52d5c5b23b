import {
  type CommandDocument,
  documentNameIn,
  findStoreReferences,
  nestedReferences,
  type ParameterValues,
  resolveParameters,
} from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import { DocumentError } from './errors.ts';
import { findBuiltIn, findDocument } from './find-document.ts';

/** How deep documents may run documents (SSM user guide, aws:runDocument). */
const deepestNesting = 3;
/** All of them travel in one message. */
const mostNested = 50;

/**
 * The documents that the steps of a document run or fetch, by the names under which it names them, and theirs. They go to
 * the node together with the command, under one signature: what a node runs is settled when the command is sent.
 */
export async function resolveNested(
  document: CommandDocument,
  values: ParameterValues,
  context: Pick<OperationContext, 'db' | 'accountId' | 'region'>,
): Promise<Record<string, CommandDocument>> {
  const nested = new Map<string, CommandDocument>();
  const seen = new Set<string>();
  const refuse = (message: string) => new DocumentError('DOCUMENT_NOT_FOUND', message);

  async function visit(content: CommandDocument, given: ParameterValues, depth: number): Promise<void> {
    for (const reference of nestedReferences(content, given)) {
      if ('problem' in reference) throw refuse(reference.problem);
      const { path, parameters, isRun } = reference;
      if (depth > deepestNesting) throw refuse(`${path} is nested deeper than ${deepestNesting} documents.`);
      const key = JSON.stringify([path, parameters, depth]);
      if (seen.has(key)) continue;
      seen.add(key);
      if (seen.size > mostNested) throw refuse(`The document runs more than ${mostNested} others.`);
      const found = await findDocument(path, {}, context);
      nested.set(path, found.content);
      if (!isRun) continue;
      const resolved = resolveParameters(found.content, parameters);
      if (!resolved.ok) {
        const problems = resolved.problems.map((problem) => problem.message).join('; ');
        throw refuse(`${path} cannot be run by ${reference.stepName}: ${problems}.`);
      }
      const [storeReference] = findStoreReferences(found.content, resolved.values);
      if (storeReference !== undefined)
        throw refuse(`${path} cannot be run by ${reference.stepName}: ${storeReference}.`);
      await visit(found.content, resolved.values, depth + 1);
    }
  }
  await visit(document, values, 1);
  return Object.fromEntries(nested);
}

/** Whether all of these exist without anybody creating them, so that nobody can change them. */
export function areBuiltIn(namesOrArns: readonly string[]): boolean {
  return namesOrArns.every((each) => findBuiltIn(documentNameIn(each)) !== undefined);
}
