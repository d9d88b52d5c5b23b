import {
  type CommandDocument,
  documentNameIn,
  findStoreReferences,
  type ParameterValues,
  resolveParameters,
  substituteParameters,
} from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import { principalArn } from '../../../operations/principal.ts';
import { requireStart } from '../../../patchbay/change-freezes/holds.ts';
import { takeOverride } from '../../../patchbay/overrides/service.ts';
import { type FoundDocument, findDocument } from '../documents/find-document.ts';
import { areBuiltIn, resolveNested } from '../documents/nested.ts';
import { isOnline } from '../instances/presence.ts';
import { type CommandedNode, readNodesForCommand } from '../instances/repository.ts';
import { recordReferences, resolveReferences } from '../parameters/references.ts';
import { advanceCommand } from './advance.ts';
import { CommandError } from './errors.ts';
import { type Command, findCommand, insertCommand } from './repository.ts';
import { insertSentDocuments } from './sent-documents.ts';
import type { CommandTarget } from './tables.ts';
import { explainQuarantine, resolveTargets } from './targets.ts';

/** What a command needs to know of who sends it: a caller, or a maintenance window. */
export type SendContext = Pick<
  OperationContext,
  'db' | 'now' | 'accountId' | 'region' | 'principal' | 'reach' | 'dependencies'
>;

export interface CommandRequest {
  readonly documentName: string;
  readonly documentVersion?: string | undefined;
  readonly documentHash?: string | undefined;
  readonly documentHashType?: string | undefined;
  readonly instanceIds: readonly string[];
  readonly targets: readonly CommandTarget[];
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  readonly comment: string;
  readonly timeoutSeconds?: number | undefined;
  readonly maxConcurrency?: string | undefined;
  readonly maxErrors?: string | undefined;
  /** True to leave out who is not online at this moment, instead of letting the command wait for them. */
  readonly isOfflineSkipped?: boolean;
}

/** Run Command's defaults: an hour for delivery, an hour for execution, fifty at once, no error allowed. */
const defaults = { timeoutSeconds: 3600, executionSeconds: 3600, maxConcurrency: '50', maxErrors: '0' };

/** How long the steps of a document may take together: the sum of their time-outs, an hour where one names none. */
function executionSeconds(document: CommandDocument, parameters: ParameterValues): number {
  return document.mainSteps.reduce((sum, step) => {
    const given = Number(substituteParameters(step.inputs.timeoutSeconds, parameters));
    return sum + (Number.isFinite(given) && given > 0 ? given : defaults.executionSeconds);
  }, 0);
}

/** The values of a command's parameters, settled when it is sent. */
function resolveValues(document: CommandDocument, given: CommandRequest['parameters']): ParameterValues {
  const resolved = resolveParameters(document, given);
  const problems = resolved.ok
    ? findStoreReferences(document, withoutGiven(resolved.values, given))
    : resolved.problems.map(({ message }) => message);
  if (resolved.ok && problems.length === 0) return resolved.values;
  throw new CommandError('COMMAND_PARAMETERS', problems.join('; '));
}

/**
 * The defaults in which nothing was looked up, such as maps. What stands in the others was written in from Parameter Store
 * and is meant as it is.
 */
function withoutGiven(values: ParameterValues, given: CommandRequest['parameters']): ParameterValues {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !Object.hasOwn(given, name)));
}

/** DocumentHash pins the content that the caller looked at (SSM API, SendCommand). */
function requireHash({ documentHash, documentHashType = 'Sha256' }: CommandRequest, document: FoundDocument): void {
  if (documentHash === undefined) return;
  if (documentHashType !== 'Sha256') {
    throw new CommandError('COMMAND_UNSUPPORTED', 'DocumentHashType must be Sha256; Sha1 hashes are deprecated.');
  }
  if (documentHash.toLowerCase() === document.hash) return;
  throw new CommandError('COMMAND_DOCUMENT_HASH', `${document.name} has another content than DocumentHash says.`);
}

const neverMet = { lastPingAt: null, stoppedAt: null };

/** How an invocation begins; where the node can never have it, that is its end (Run Command, "command statuses"). */
function beginningOf(node: CommandedNode | undefined, now: Date) {
  const ended = { status: 'Failed', finishedAt: now };
  if (node && node.quarantineReason !== null) {
    const traceOutput = explainQuarantine(node.instanceId, node.quarantineReason);
    return { ...ended, statusDetails: 'Undeliverable', traceOutput };
  }
  if (node && node.platformType !== null && node.platformType !== 'Linux') {
    const traceOutput = `The document is for Linux; this node runs ${node.platformType}.`;
    return { ...ended, statusDetails: 'InvalidPlatform', traceOutput };
  }
  return { status: 'Pending', statusDetails: 'Pending', traceOutput: '', finishedAt: null };
}

/** Takes a command, resolves its targets and lets the first of them go. */
export async function sendCommand(request: CommandRequest, context: SendContext): Promise<Command> {
  const { db, now, accountId, region } = context;
  const document = await findDocument(request.documentName, { version: request.documentVersion }, context);
  requireHash(request, document);
  if (!document.platformTypes.includes('Linux')) {
    const platforms = document.platformTypes.join(' and ');
    throw new CommandError('COMMAND_PLATFORM', `${document.name} is for ${platforms}; the nodes here run Linux.`);
  }
  const { given, used } = await resolveReferences(document.content.parameters, request.parameters, context);
  const values = resolveValues(document.content, given);
  // Before anything is stored: a hook that does not exist is the caller's mistake.
  const nested = await resolveNested(document.content, values, context);
  const reached = await resolveTargets(request.instanceIds, request.targets, context);
  const nodes = await readNodesForCommand(db, reached);
  const isOffline = (instanceId: string) => !isOnline(nodes.get(instanceId) ?? neverMet, now);
  const instanceIds = request.isOfflineSkipped ? reached.filter((instanceId) => !isOffline(instanceId)) : reached;
  const leave = await requireStart({ documentName: document.name, parameters: given, instanceIds }, context);
  const commandId = context.dependencies.randomId();
  const timeoutSeconds = request.timeoutSeconds ?? defaults.timeoutSeconds;
  const deliveryExpiresAt = new Date(now.getTime() + timeoutSeconds * 1000);
  const expiresAfter = new Date(deliveryExpiresAt.getTime() + executionSeconds(document.content, values) * 1000);
  const scope = { accountId, region, commandId };
  const invocations = instanceIds.map((instanceId) => ({
    ...scope,
    instanceId,
    instanceName: nodes.get(instanceId)?.name ?? '',
    requestedAt: now,
    dispatchedAt: null,
    visibleAt: null,
    acknowledgedAt: null,
    deliveryExpiresAt,
    ...beginningOf(nodes.get(instanceId), now),
  }));
  const plugins = instanceIds.flatMap((instanceId) =>
    document.content.mainSteps.map((step, position) => ({
      accountId,
      requestedAt: now,
      commandId,
      instanceId,
      pluginName: step.name,
      position,
      action: step.action,
      status: 'Pending',
      responseCode: -1,
      startedAt: null,
      finishedAt: null,
      standardOutput: '',
      standardError: '',
    })),
  );
  await insertCommand(
    db,
    {
      ...scope,
      documentName: document.name,
      documentVersion: request.documentVersion ?? '$DEFAULT',
      comment: request.comment,
      parameters: JSON.stringify(given),
      instanceIds: JSON.stringify(request.instanceIds),
      targets: JSON.stringify(request.targets),
      timeoutSeconds,
      maxConcurrency: request.maxConcurrency ?? defaults.maxConcurrency,
      maxErrors: request.maxErrors ?? defaults.maxErrors,
      requestedBy: principalArn(context.principal),
      requestedAt: now,
      expiresAfter,
      status: 'Pending',
      statusDetails: 'Pending',
      targetCount: instanceIds.length,
      isChange: leave.isChange,
      overriddenFreezes: JSON.stringify(leave.overriddenFreezes),
    },
    invocations,
    plugins,
  );
  const documentNames = [...new Set([document.name, ...Object.keys(nested).map(documentNameIn)])];
  if (!areBuiltIn(documentNames)) {
    await insertSentDocuments(db, { ...scope, requestedAt: now }, documentNames, { content: document.content, nested });
  }
  await recordReferences(commandId, used, context);
  await takeOverride(commandId, document.name, values, context);
  await advanceCommand(commandId, context);
  const command = await findCommand(db, context, commandId);
  if (!command) throw new Error(`The command ${commandId} was stored and cannot be found`);
  return command;
}
