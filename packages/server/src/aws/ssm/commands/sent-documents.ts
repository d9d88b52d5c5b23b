import type { CommandDocument } from '@patchbay/patching';
import { resolveParameters } from '@patchbay/patching';
import type { Database } from '../../../database/tables.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { findDocument } from '../documents/find-document.ts';
import { resolveNested } from '../documents/nested.ts';
import type { Command } from './repository.ts';

/** What a command runs. */
export interface SentDocuments {
  readonly content: CommandDocument;
  /** By the names under which its steps name them. */
  readonly nested: Readonly<Record<string, CommandDocument>>;
}

/** Keeps for a command what it runs: what is done to its documents later does not concern it. */
export async function insertSentDocuments(
  db: Database,
  command: Pick<Command, 'accountId' | 'region' | 'commandId' | 'requestedAt'>,
  documentNames: readonly string[],
  { content, nested }: SentDocuments,
): Promise<void> {
  const { accountId, region, commandId, requestedAt } = command;
  await db
    .insertInto('commandDocuments')
    .values({
      accountId,
      region,
      commandId,
      requestedAt,
      content: JSON.stringify(content),
      nested: JSON.stringify(nested),
      documentNames: [...documentNames],
    })
    .execute();
}

/** What a command runs: as it was kept, or what is built in, which is not kept for each command. */
export async function findSentDocuments(
  command: Command,
  context: Pick<OperationContext, 'db' | 'accountId' | 'region'>,
): Promise<SentDocuments> {
  const kept = await context.db
    .selectFrom('commandDocuments')
    .select(['content', 'nested'])
    .where('commandId', '=', command.commandId)
    .executeTakeFirst();
  if (kept) return kept;
  const { content } = await findDocument(command.documentName, {}, context);
  const resolved = resolveParameters(content, command.parameters);
  return { content, nested: resolved.ok ? await resolveNested(content, resolved.values, context) : {} };
}

/** Whether a node has a command that has not ended and runs this document, itself or in one of its steps. */
export async function hasCommandWithDocument(db: Database, instanceId: string, documentName: string): Promise<boolean> {
  const row = await db
    .selectFrom('commandInvocations')
    .innerJoin('commandDocuments', 'commandDocuments.commandId', 'commandInvocations.commandId')
    .select('commandInvocations.commandId')
    .where('commandInvocations.instanceId', '=', instanceId)
    .where('commandInvocations.finishedAt', 'is', null)
    .where((where) => where(where.val(documentName), '=', where.fn.any('commandDocuments.documentNames')))
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
