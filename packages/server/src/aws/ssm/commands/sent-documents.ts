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

/** A command with what it runs: as it was kept, or what is built in, which is not kept for each command. */
export async function findSentCommand(
  commandId: string,
  context: Pick<OperationContext, 'db' | 'accountId' | 'region'>,
): Promise<{ readonly command: Command; readonly documents: SentDocuments } | undefined> {
  const row = await context.db
    .selectFrom('commands')
    .leftJoin('commandDocuments as kept', 'kept.commandId', 'commands.commandId')
    .selectAll('commands')
    .select(['kept.content as keptContent', 'kept.nested as keptNested'])
    .where('commands.accountId', '=', context.accountId)
    .where('commands.region', '=', context.region)
    .where('commands.commandId', '=', commandId)
    .executeTakeFirst();
  if (!row) return undefined;
  const { keptContent, keptNested, ...command } = row;
  if (keptContent !== null && keptNested !== null) {
    return { command, documents: { content: keptContent, nested: keptNested } };
  }
  const { content } = await findDocument(command.documentName, {}, context);
  const resolved = resolveParameters(content, command.parameters);
  const nested = resolved.ok ? await resolveNested(content, resolved.values, context) : {};
  return { command, documents: { content, nested } };
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
