import { z } from 'zod';
import type { UnexpectedReply } from '../../../observability/index.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { storableText } from '../../../operations/storable-text.ts';
import { isStorableTime } from '../../../operations/storable-time.ts';
import { advanceAfterCommit } from './advance.ts';
import { CommandError } from './errors.ts';
import {
  findInvocation,
  type Invocation,
  listPlugins,
  recordLateAnswer,
  updateInvocations,
  updatePlugin,
} from './repository.ts';

const OutputBytes = z
  .number()
  .int()
  .nonnegative()
  .max(2 ** 31 - 1);

/** A response code has 32 bits. A larger one must not cost the output that comes with it, nor turn into a success. */
const smallestCode = -(2 ** 31);
const largestCode = 2 ** 31 - 1;

const StepStatus = z.object({
  status: z.string(),
  code: z
    .number()
    .int()
    .transform((code) => Math.max(smallestCode, Math.min(largestCode, code)))
    .default(0),
  startDateTime: z.string().optional(),
  endDateTime: z.string().optional(),
  standardOutput: z.string().default(''),
  standardError: z.string().default(''),
  output: z.string().default(''),
  /** What our agent adds: the whole length of outputs that it uploads apart. */
  patchbayOutputBytes: OutputBytes.nullish().catch(null),
  patchbayErrorBytes: OutputBytes.nullish().catch(null),
});

/** What an agent says about a command in SendReply's payload (ssm-agent source, messagecontracts). */
export const ReplyPayload = z.object({
  documentStatus: z.string(),
  documentTraceOutput: z.string().default(''),
  runtimeStatus: z.record(z.string(), StepStatus).nullish(),
});
export type ReplyPayload = z.infer<typeof ReplyPayload>;

/** The agent's words for the ends of a document → status and details of the invocation. */
const documentEnds = new Map<string, { readonly status: string; readonly statusDetails: string }>([
  ['Success', { status: 'Success', statusDetails: 'Success' }],
  ['Skipped', { status: 'Success', statusDetails: 'Success' }],
  ['Failed', { status: 'Failed', statusDetails: 'Failed' }],
  ['TimedOut', { status: 'TimedOut', statusDetails: 'ExecutionTimedOut' }],
  ['Cancelled', { status: 'Cancelled', statusDetails: 'Cancelled' }],
]);

const mostTraceCharacters = 2_500;

/** What AWS shows of a step that has not ended. */
const codeBeforeEnd = -1;

/** What is kept of one stream of one step: enough for any real output, not enough to fill a database. */
const mostOutputCharacters = 1_000_000;

function asDate(text: string | undefined): Date | null {
  const date = new Date(text ?? '');
  return isStorableTime(date) ? date : null;
}

/** `aws.ssm.<command id>.<node>`: the id of the message that carries a command to a node. */
export function messageId(commandId: string, instanceId: string): string {
  return `aws.ssm.${commandId}.${instanceId}`;
}

/** The invocation that a message of this node carried. A message for another node is one that never was. */
export async function findDelivered(id: string, context: OperationContext): Promise<Invocation> {
  const parts = /^aws\.ssm\.(?<commandId>[0-9a-f-]{36})\.(?<instanceId>mi-[0-9a-f]{17})$/.exec(id)?.groups;
  const instanceId = context.principal.kind === 'node' ? context.principal.instanceId : '';
  const invocation =
    parts?.commandId && parts.instanceId === instanceId
      ? await findInvocation(context.db, context, parts.commandId, instanceId)
      : undefined;
  if (invocation?.visibleAt) return invocation;
  context.dependencies.metrics.recordUnexpectedReply(explainRefusal(parts, instanceId, invocation));
  throw new CommandError('INVOCATION_NOT_FOUND', `No message ${id} was delivered to this node.`);
}

function explainRefusal(
  parts: Readonly<Record<string, string>> | undefined,
  instanceId: string,
  invocation: Invocation | undefined,
): UnexpectedReply {
  if (!parts) return 'unreadable_id';
  if (parts['instanceId'] !== instanceId) return 'other_node';
  return invocation ? 'never_delivered' : 'unknown_command';
}

/** A cancelled invocation keeps saying so until it ends. */
function progressOf(invocation: Invocation): { readonly status: string; readonly statusDetails: string } {
  const status = invocation.cancelId === null ? 'InProgress' : 'Cancelling';
  return { status, statusDetails: status };
}

/** The agent has the message and will not need it again. */
export async function acknowledge(invocation: Invocation, context: OperationContext): Promise<void> {
  if (invocation.acknowledgedAt) return;
  await updateInvocations(context.db, invocation.commandId, [invocation.instanceId], {
    ...progressOf(invocation),
    acknowledgedAt: context.now,
  });
  advanceAfterCommit(invocation.commandId, context);
}

/**
 * Merges a reply into the invocation: steps by their name, whatever order replies come in. What has ended stays as it
 * ended, so a reply that is sent twice changes nothing; what a late one tells of steps is kept all the same.
 */
export async function recordReply(
  invocation: Invocation,
  payload: ReplyPayload,
  context: OperationContext,
): Promise<void> {
  const end = documentEnds.get(payload.documentStatus);
  const updated = await updateInvocations(context.db, invocation.commandId, [invocation.instanceId], {
    ...(end ? { ...end, finishedAt: context.now, answeredAt: context.now } : progressOf(invocation)),
    traceOutput: storableText(payload.documentTraceOutput.slice(0, mostTraceCharacters)),
    acknowledgedAt: invocation.acknowledgedAt ?? context.now,
  });
  if (updated === 0) await recordLateReply(invocation, payload, end?.statusDetails, context);
  await mergeSteps(invocation, payload, context);
  // Agents reply that they are at work before they acknowledge, so this can be what starts the command.
  if (updated > 0 && (end || !invocation.acknowledgedAt)) advanceAfterCommit(invocation.commandId, context);
}

/**
 * A node answered after its invocation had ended without it. Whoever waited has been told the end, so that stays; when
 * and how the node really ended stands in the trace, and its output is kept.
 */
async function recordLateReply(
  invocation: Invocation,
  payload: ReplyPayload,
  end: string | undefined,
  context: OperationContext,
): Promise<void> {
  const { metrics } = context.dependencies;
  if (end === undefined || invocation.answeredAt) {
    metrics.recordUnexpectedReply(invocation.answeredAt ? 'repeated' : 'late_progress');
    return;
  }
  const ended = invocation.finishedAt ?? context.now;
  const sentences = [
    invocation.traceOutput,
    `The node answered at ${context.now.toISOString()}, after this had ended at ${ended.toISOString()}: ${end}.`,
    payload.documentTraceOutput,
  ];
  const trace = storableText(
    sentences
      .filter((sentence) => sentence !== '')
      .join(' ')
      .slice(0, mostTraceCharacters),
  );
  const isFirst = await recordLateAnswer(context.db, invocation, context.now, trace);
  metrics.recordUnexpectedReply(isFirst ? 'late' : 'repeated');
}

async function mergeSteps(invocation: Invocation, payload: ReplyPayload, context: OperationContext): Promise<void> {
  const steps = Object.entries(payload.runtimeStatus ?? {});
  if (steps.length === 0) return;
  const plugins = await listPlugins(context.db, [invocation]);
  for (const [name, step] of steps) {
    const plugin = plugins.find((each) => each.pluginName === name);
    if (!plugin || plugin.finishedAt) continue;
    // Amazon's agent reboots the machine, runs the step once more and tells its end after that.
    const isRebooting = step.status === 'SuccessAndReboot';
    const isEnded = !isRebooting && step.status !== 'InProgress' && step.status !== 'Pending';
    await updatePlugin(context.db, invocation, name, {
      status: isRebooting ? 'InProgress' : storableText(documentEnds.get(step.status)?.status ?? step.status),
      responseCode: isRebooting ? codeBeforeEnd : step.code,
      startedAt: asDate(step.startDateTime),
      finishedAt: isEnded ? (asDate(step.endDateTime) ?? context.now) : null,
      standardOutput: storableText((step.standardOutput || step.output).slice(0, mostOutputCharacters)),
      standardError: storableText(step.standardError.slice(0, mostOutputCharacters)),
      wholeOutputBytes: step.patchbayOutputBytes ?? null,
      wholeErrorBytes: step.patchbayErrorBytes ?? null,
    });
  }
}

/** The agent could make nothing of the message. */
export async function recordUndeliverable(
  invocation: Invocation,
  failureType: string,
  context: OperationContext,
): Promise<void> {
  if (invocation.finishedAt) return;
  await updateInvocations(context.db, invocation.commandId, [invocation.instanceId], {
    status: 'Failed',
    statusDetails: 'Undeliverable',
    traceOutput: `The agent refused the command: ${failureType}`.slice(0, mostTraceCharacters),
    acknowledgedAt: invocation.acknowledgedAt ?? context.now,
    finishedAt: context.now,
    answeredAt: context.now,
  });
  advanceAfterCommit(invocation.commandId, context);
}
