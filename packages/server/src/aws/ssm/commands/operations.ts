import type {
  CancelCommandRequest,
  GetCommandInvocationRequest,
  GetCommandInvocationResult,
  ListCommandInvocationsRequest,
  ListCommandInvocationsResult,
  ListCommandsRequest,
  ListCommandsResult,
  SendCommandRequest,
  SendCommandResult,
  Command as WireCommand,
} from '@aws-sdk/client-ssm';
import { anyResource, authorize } from '../../../operations/authorize.ts';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type EmptyResult, type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage, tokenAfter } from '../../../operations/pages.ts';
import { nodeResource } from '../../../operations/resources.ts';
import { readTime } from '../../../operations/storable-time.ts';
import { documentResource } from '../documents/find-document.ts';
import { permissionsToSend } from '../documents/permissions.ts';
import { cancelCommand } from './cancel.ts';
import { describeCommand, describeInvocation, describeStep, type LinkTo } from './describe.ts';
import { CommandError, commandErrors } from './errors.ts';
import { linkToOutput } from './output-download.ts';
import { findStep } from './outputs.ts';
import {
  type Command,
  type CommandQuery,
  findCommand,
  findInvocation,
  listInvocations,
  listPlugins,
} from './repository.ts';
import { sendCommand } from './service.ts';
import { listCommandsInReach } from './within-reach.ts';

/** Members that stand for things of AWS that are not here; silently dropping one would lose what the caller relies on. */
const unsupportedMembers = {
  outputS3BucketName: 'OutputS3BucketName: outputs are kept by Patchbay and read with GetCommandInvocation',
  notificationConfig: 'NotificationConfig: there is no SNS here',
  cloudWatchOutputConfig: 'CloudWatchOutputConfig: there is no CloudWatch here',
  alarmConfiguration: 'AlarmConfiguration: there is no CloudWatch here',
} as const;

async function SendCommand(
  input: CamelCased<SendCommandRequest>,
  context: OperationContext,
): Promise<CamelCased<SendCommandResult>> {
  for (const [member, message] of Object.entries(unsupportedMembers)) {
    const value = input[member as keyof typeof unsupportedMembers];
    if (
      value !== undefined &&
      !(typeof value === 'object' && 'cloudWatchOutputEnabled' in value && !value.cloudWatchOutputEnabled)
    ) {
      throw new CommandError('COMMAND_UNSUPPORTED', `Not supported: ${message}.`);
    }
  }
  const command = await sendCommand(
    {
      documentName: input.documentName ?? '',
      documentVersion: input.documentVersion,
      documentHash: input.documentHash,
      documentHashType: input.documentHashType,
      instanceIds: input.instanceIds ?? [],
      targets: (input.targets ?? []).map(({ key = '', values = [] }) => ({ key, values })),
      parameters: input.parameters ?? {},
      comment: input.comment ?? '',
      timeoutSeconds: input.timeoutSeconds,
      maxConcurrency: input.maxConcurrency,
      maxErrors: input.maxErrors,
    },
    context,
  );
  return { command: describeCommand(command) };
}

type Filter = Pick<CommandQuery, 'invokedAfter' | 'invokedBefore' | 'status' | 'stageStatuses' | 'documentName'>;

function readDate(key: string, value: string): Date {
  const date = readTime(value);
  if (date === null) throw new CommandError('COMMAND_FILTER', `${key} must be a time such as 2026-11-22T00:00:00Z.`);
  return date;
}

const executionStages = new Map<string, readonly string[]>([
  ['Executing', ['Pending', 'InProgress', 'Cancelling']],
  ['Complete', ['Success', 'Failed', 'Cancelled', 'TimedOut']],
]);

function readFilters(filters: CamelCased<ListCommandsRequest>['filters'], knowsStages: boolean): Filter {
  const query: { -readonly [Key in keyof Filter]: Filter[Key] } = {};
  const seen = new Set<string>();
  for (const { key = '', value = '' } of filters ?? []) {
    if (seen.has(key)) throw new CommandError('COMMAND_FILTER', `The filter ${key} is given more than once.`);
    seen.add(key);
    if (key === 'InvokedAfter') query.invokedAfter = readDate(key, value);
    else if (key === 'InvokedBefore') query.invokedBefore = readDate(key, value);
    else if (key === 'Status') query.status = value;
    else if (key === 'DocumentName') query.documentName = value;
    else if (key === 'ExecutionStage' && knowsStages) query.stageStatuses = executionStages.get(value) ?? [];
    else throw new CommandError('COMMAND_FILTER', `${key} is not a key that this list can be filtered by.`);
  }
  return query;
}

interface Position {
  readonly requestedAt: Date;
  readonly commandId: string;
  readonly instanceId: string;
}

function writePosition(entry: { requestedAt: Date; commandId: string; instanceId?: string }): string {
  return `${entry.requestedAt.toISOString()} ${entry.commandId} ${entry.instanceId ?? ''}`;
}

function readPosition(text: string): Position | undefined {
  const [requestedAt, commandId, instanceId = ''] = text.split(' ');
  return requestedAt && commandId ? { requestedAt: new Date(requestedAt), commandId, instanceId } : undefined;
}

/** A command without what this caller may not see because it may hold a secret. */
function showCommand(command: Command, context: OperationContext): CamelCased<WireCommand> {
  const choosesFreely = permissionsToSend(command.documentName, command.parameters).length > 0;
  const showsParameters = !choosesFreely || authorize(context.principal, 'patchbay:ReadSecrets', anyResource);
  const hidden = () => Object.fromEntries(Object.keys(command.parameters).map((name) => [name, ['***']]));
  const parameters = showsParameters ? command.parameters : hidden();
  return describeCommand({ ...command, parameters });
}

async function ListCommands(
  input: CamelCased<ListCommandsRequest>,
  context: OperationContext,
): Promise<CamelCased<ListCommandsResult>> {
  const page = startOfPage('ListCommands', input, context);
  const limit = input.maxResults ?? 50;
  const { commands, last } = await listCommandsInReach(
    {
      ...readFilters(input.filters, true),
      commandId: input.commandId,
      instanceId: input.instanceId,
      reach: context.reach,
      after: readPosition(page.after),
      limit,
    },
    context,
  );
  return {
    commands: commands.map((command) => showCommand(command, context)),
    nextToken: last && tokenAfter(page, writePosition(last)),
  };
}

async function ListCommandInvocations(
  input: CamelCased<ListCommandInvocationsRequest>,
  context: OperationContext,
): Promise<CamelCased<ListCommandInvocationsResult>> {
  const page = startOfPage('ListCommandInvocations', input, context);
  const limit = input.maxResults ?? 50;
  const found = await listInvocations(context.db, context, {
    ...readFilters(input.filters, false),
    commandId: input.commandId,
    instanceId: input.instanceId,
    reach: context.reach,
    after: readPosition(page.after),
    limit: limit + 1,
  });
  const shown = found.slice(0, limit);
  const plugins = input.details ? await listPlugins(context.db, shown) : undefined;
  const pluginsOf = (invocation: { commandId: string; instanceId: string }) =>
    plugins?.filter((each) => each.commandId === invocation.commandId && each.instanceId === invocation.instanceId);
  return {
    commandInvocations: shown.map((invocation) =>
      describeInvocation(invocation, pluginsOf(invocation), linksIn(context)),
    ),
    nextToken: nextToken(page, found, limit, writePosition),
  };
}

function linksIn(context: OperationContext): LinkTo {
  return (plugin, stream) => linkToOutput(plugin, stream, context);
}

async function GetCommandInvocation(
  input: CamelCased<GetCommandInvocationRequest>,
  context: OperationContext,
): Promise<CamelCased<GetCommandInvocationResult>> {
  const { commandId = '', instanceId = '', pluginName } = input;
  const command = await findCommand(context.db, context, commandId);
  const invocation = await findInvocation(context.db, context, commandId, instanceId);
  if (!command || !invocation) {
    throw new CommandError('INVOCATION_NOT_FOUND', `There is no command ${commandId} on ${instanceId}.`);
  }
  const plugins = await listPlugins(context.db, [invocation]);
  const plugin = findStep(plugins, pluginName);
  return describeStep(invocation, command, plugin, plugins.length === 1, linksIn(context));
}

async function CancelCommand(input: CamelCased<CancelCommandRequest>, context: OperationContext): Promise<EmptyResult> {
  await cancelCommand(input.commandId ?? '', input.instanceIds ?? [], context);
  return {};
}

export const commandOperations = {
  CancelCommand: operation({ handle: CancelCommand, errors: commandErrors }),
  SendCommand: operation({
    handle: SendCommand,
    errors: commandErrors,
    needs: (input) => permissionsToSend(input.documentName ?? '', input.parameters ?? {}),
    resource: (input, context) => documentResource(input.documentName ?? '', context),
  }),
  ListCommands: operation({ handle: ListCommands, errors: commandErrors }),
  ListCommandInvocations: operation({ handle: ListCommandInvocations, errors: commandErrors }),
  GetCommandInvocation: operation({
    handle: GetCommandInvocation,
    errors: commandErrors,
    resource: (input, context) => nodeResource(context, input.instanceId ?? ''),
  }),
};
