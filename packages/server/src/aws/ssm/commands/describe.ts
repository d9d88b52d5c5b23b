import type {
  CommandInvocation,
  CommandPlugin,
  GetCommandInvocationResult,
  Command as WireCommand,
} from '@aws-sdk/client-ssm';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import type { Command, Invocation, Plugin } from './repository.ts';

/** GetCommandInvocation: "The first 24,000 characters … The first 8,000 characters". */
const mostStandardOutput = 24_000;
const mostStandardError = 8_000;
/** ListCommandInvocations: CommandPlugin.Output is at most 2,500 characters long. */
const mostPluginOutput = 2_500;
const truncationMark = '\n--output truncated--';

/** SSM's wire form of a command. */
export function describeCommand(command: Command): CamelCased<WireCommand> {
  return {
    commandId: command.commandId,
    documentName: command.documentName,
    documentVersion: command.documentVersion,
    comment: command.comment,
    expiresAfter: command.expiresAfter,
    parameters: command.parameters,
    instanceIds: command.instanceIds,
    targets: command.targets as CamelCased<WireCommand>['targets'],
    requestedDateTime: command.requestedAt,
    status: command.status as CamelCased<WireCommand>['status'],
    statusDetails: command.statusDetails,
    outputS3BucketName: '',
    outputS3KeyPrefix: '',
    maxConcurrency: command.maxConcurrency,
    maxErrors: command.maxErrors,
    targetCount: command.targetCount,
    completedCount: command.completedCount,
    errorCount: command.errorCount,
    deliveryTimedOutCount: command.deliveryTimedOutCount,
    serviceRole: '',
    timeoutSeconds: command.timeoutSeconds,
  };
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : text.slice(0, most - truncationMark.length) + truncationMark;
}

/**
 * How a step ended; one that never ended shares the end of its invocation. Plugins know no `Delayed`, `Cancelling` or
 * `Terminated` (SSM API, CommandPlugin).
 */
function statusOfStep(
  invocation: Invocation,
  plugin: Plugin,
): { readonly status: string; readonly statusDetails: string } {
  if (plugin.finishedAt === null && invocation.finishedAt !== null) {
    return { status: invocation.status, statusDetails: invocation.statusDetails };
  }
  // Only agents report a step that timed out.
  return { status: plugin.status, statusDetails: plugin.status === 'TimedOut' ? 'ExecutionTimedOut' : plugin.status };
}

/** Links to the whole outputs of a step. */
export type LinkTo = (plugin: Plugin, stream: 'stdout' | 'stderr') => string;

function describePlugin(invocation: Invocation, plugin: Plugin, linkTo: LinkTo): CamelCased<CommandPlugin> {
  const { status, statusDetails } = statusOfStep(invocation, plugin);
  const separator = plugin.standardError ? '\n----------ERROR-------\n' : '';
  return {
    name: plugin.pluginName,
    status: status as CamelCased<CommandPlugin>['status'],
    statusDetails,
    responseCode: plugin.responseCode,
    responseStartDateTime: plugin.startedAt ?? undefined,
    responseFinishDateTime: plugin.finishedAt ?? undefined,
    output: cut(`${plugin.standardOutput}${separator}${plugin.standardError}`, mostPluginOutput),
    standardOutputUrl: linkTo(plugin, 'stdout'),
    standardErrorUrl: linkTo(plugin, 'stderr'),
  };
}

/** SSM's wire form of an invocation; its steps only where they were asked for. */
export function describeInvocation(
  invocation: Invocation & Pick<Command, 'comment' | 'documentName' | 'documentVersion'>,
  plugins: readonly Plugin[] | undefined,
  linkTo: LinkTo,
): CamelCased<CommandInvocation> {
  return {
    commandId: invocation.commandId,
    instanceId: invocation.instanceId,
    instanceName: invocation.instanceName,
    comment: invocation.comment,
    documentName: invocation.documentName,
    documentVersion: invocation.documentVersion,
    requestedDateTime: invocation.requestedAt,
    status: invocation.status as CamelCased<CommandInvocation>['status'],
    statusDetails: invocation.statusDetails,
    traceOutput: invocation.traceOutput || undefined,
    standardOutputUrl: '',
    standardErrorUrl: '',
    commandPlugins: plugins?.map((plugin) => describePlugin(invocation, plugin, linkTo)) ?? [],
    serviceRole: '',
  };
}

/** An ISO 8601 duration in seconds, as GetCommandInvocation writes it: `PT1.5S`. */
function writeDuration(milliseconds: number): string {
  return `PT${milliseconds / 1000}S`;
}

/** SSM's wire form of one step of an invocation; times are texts, empty before it began. */
export function describeStep(
  invocation: Invocation,
  command: Command,
  plugin: Plugin,
  isOnlyStep: boolean,
  linkTo: LinkTo,
): CamelCased<GetCommandInvocationResult> {
  const { startedAt, finishedAt } = plugin;
  // "The status of this invocation plugin": of a document with one step it is that of the invocation.
  const { status, statusDetails } = isOnlyStep ? invocation : statusOfStep(invocation, plugin);
  return {
    commandId: invocation.commandId,
    instanceId: invocation.instanceId,
    comment: command.comment,
    documentName: command.documentName,
    documentVersion: command.documentVersion,
    pluginName: plugin.pluginName,
    responseCode: plugin.responseCode,
    executionStartDateTime: startedAt?.toISOString() ?? '',
    executionElapsedTime: startedAt && finishedAt ? writeDuration(finishedAt.getTime() - startedAt.getTime()) : '',
    executionEndDateTime: finishedAt?.toISOString() ?? '',
    status: status as CamelCased<GetCommandInvocationResult>['status'],
    statusDetails,
    standardOutputContent: cut(plugin.standardOutput, mostStandardOutput),
    standardOutputUrl: linkTo(plugin, 'stdout'),
    standardErrorContent: cut(plugin.standardError, mostStandardError),
    standardErrorUrl: linkTo(plugin, 'stderr'),
  };
}
