import type { SignedAuthorization } from '@patchbay/contracts';
import { authorizationText } from '@patchbay/contracts';
import { contentDigest } from '@patchbay/facts/digest';
import { resolveParameters } from '@patchbay/patching';
import { type OperationContext, operation } from '../../operations/operation.ts';
import { nodeResource } from '../../operations/resources.ts';
import { notFrozen } from '../../patchbay/change-freezes/holds.ts';
import { nodeTopic } from '../ssm/commands/advance.ts';
import { acknowledgeCancellation, findCancellation, writeCancelPayload } from '../ssm/commands/cancel.ts';
import { takeDeliverable } from '../ssm/commands/deliverable.ts';
import { CommandError, commandErrors } from '../ssm/commands/errors.ts';
import {
  acknowledge,
  findDelivered,
  messageId,
  ReplyPayload,
  recordReply,
  recordUndeliverable,
} from '../ssm/commands/replies.ts';
import type { Invocation } from '../ssm/commands/repository.ts';
import { findSentCommand } from '../ssm/commands/sent-documents.ts';
import { recordPoll } from '../ssm/instances/presence.ts';
import { waitForMessage } from './long-poll.ts';
import { hasOtherAgent, writeCommandForOtherAgent } from './other-agents.ts';

interface Message {
  readonly messageId: string;
  readonly createdDate: string;
  readonly destination: string;
  readonly topic: string;
  readonly payload: string;
}

function writeCancelMessage(invocation: Invocation, context: OperationContext): Message {
  const { instanceId, cancelId } = invocation;
  return {
    messageId: messageId(cancelId ?? '', instanceId),
    createdDate: context.now.toISOString(),
    destination: instanceId,
    topic: `aws.ssm.cancelCommand.${context.region}`,
    payload: writeCancelPayload(invocation),
  };
}

/** The whole command as agents get it, with the control plane's signature for agents that check it. */
async function writeMessage(invocation: Invocation, context: OperationContext): Promise<Message> {
  const { commandId, instanceId } = invocation;
  if (invocation.cancelId !== null) return writeCancelMessage(invocation, context);
  const sent = await findSentCommand(commandId, context);
  if (!sent) throw new Error(`The invocation of ${commandId} has lost its command`);
  const {
    command,
    documents: { content, nested },
  } = sent;
  const { signingKey } = context.dependencies;
  const resolved = resolveParameters(content, command.parameters);
  const hasNested = Object.keys(nested).length > 0;
  const authorization = {
    kind: 'command',
    nodeId: instanceId,
    commandId,
    documentName: command.documentName,
    documentDigest: contentDigest(content),
    parametersDigest: contentDigest(command.parameters),
    ...(hasNested ? { nestedDigest: contentDigest(nested) } : {}),
    expiresAt: command.expiresAfter.toISOString(),
  } as const;
  const signed: SignedAuthorization = {
    authorization,
    keyId: signingKey.keyId,
    signature: signingKey.sign(authorizationText(authorization)),
  };
  const isForOther = resolved.ok && (await hasOtherAgent(instanceId, context));
  const forOther = isForOther
    ? await writeCommandForOtherAgent(instanceId, command, content, resolved.values, context)
    : null;
  return {
    messageId: messageId(commandId, instanceId),
    createdDate: invocation.requestedAt.toISOString(),
    destination: instanceId,
    topic: `aws.ssm.sendCommand.${context.region}`,
    payload: JSON.stringify({
      Parameters: command.parameters,
      DocumentContent: content,
      ...forOther,
      CommandId: commandId,
      DocumentName: command.documentName,
      OutputS3KeyPrefix: '',
      OutputS3BucketName: '',
      CloudWatchLogGroupName: '',
      CloudWatchOutputEnabled: 'false',
      ...(hasNested && forOther === null ? { PatchbayDocuments: nested } : {}),
      ...(forOther === null ? { PatchbayAuthorization: signed } : {}),
    }),
  };
}

interface GetMessagesInput {
  readonly destination: string;
  readonly messagesRequestId: string;
  readonly visibilityTimeoutInSeconds?: number | undefined;
  readonly patchbayPollSeconds?: number | undefined;
  readonly patchbayAgentRunId?: string | undefined;
}

async function GetMessages(
  input: GetMessagesInput,
  context: OperationContext,
): Promise<{ destination: string; messagesRequestId: string; messages: Message[] }> {
  const { destination, messagesRequestId, patchbayAgentRunId: agentRunId = null } = input;
  if (agentRunId !== null) await recordPoll(destination, agentRunId, context);
  const hiddenMilliseconds = (input.visibilityTimeoutInSeconds ?? 10) * 1000;
  const invocation = await waitForMessage(
    {
      subscribe: (callback) => context.dependencies.wake.subscribe(nodeTopic, destination, callback),
      take: async () => {
        const now = context.dependencies.clock();
        const visibleAt = new Date(now.getTime() + hiddenMilliseconds);
        const asking = { instanceId: destination, agentRunId };
        return await takeDeliverable(context.db, asking, now, visibleAt, await notFrozen(context, now));
      },
    },
    input.patchbayPollSeconds === undefined
      ? context.dependencies.longPollMilliseconds
      : input.patchbayPollSeconds * 1000,
    context.signal,
  );
  const messages = invocation ? [await writeMessage(invocation, context)] : [];
  return { destination, messagesRequestId, messages };
}

async function AcknowledgeMessage(input: { readonly messageId: string }, context: OperationContext): Promise<object> {
  const cancellation = await findCancellation(input.messageId, context);
  if (cancellation) await acknowledgeCancellation(cancellation, context);
  else await acknowledge(await findDelivered(input.messageId, context), context);
  return {};
}

interface SendReplyInput {
  readonly messageId: string;
  readonly replyId: string;
  readonly payload: string;
}

function readPayload(text: string): ReplyPayload {
  try {
    return ReplyPayload.parse(JSON.parse(text));
  } catch (error) {
    throw new CommandError('COMMAND_REPLY', 'The payload of a reply must be the JSON text that the SSM Agent sends.', {
      cause: error,
    });
  }
}

async function SendReply(input: SendReplyInput, context: OperationContext): Promise<object> {
  const payload = readPayload(input.payload);
  // Amazon's agent answers a cancellation too, and asks again for two hours where that is refused. How the command ended
  // is told by the answer to the command itself.
  const cancellation = await findCancellation(input.messageId, context);
  if (cancellation) await acknowledgeCancellation(cancellation, context);
  else await recordReply(await findDelivered(input.messageId, context), payload, context);
  return { messageId: input.messageId, replyId: input.replyId, replyStatus: 'COMPLETED', description: '' };
}

async function FailMessage(
  input: { readonly messageId: string; readonly failureType: string },
  context: OperationContext,
): Promise<object> {
  const cancellation = await findCancellation(input.messageId, context);
  if (cancellation) await acknowledgeCancellation(cancellation, context);
  else await recordUndeliverable(await findDelivered(input.messageId, context), input.failureType, context);
  return {};
}

/** Called by the agent's self-update only: the message was handled outside of the ordinary replies. */
async function DeleteMessage(input: { readonly messageId: string }, context: OperationContext): Promise<object> {
  await acknowledge(await findDelivered(input.messageId, context), context);
  return {};
}

/** Every node polls where it already is. */
async function GetEndpoint(input: { readonly destination: string; readonly protocol?: string }): Promise<object> {
  return { endpoint: '', protocol: input.protocol ?? 'https' };
}

/** Messages are addressed by their id; the node in it must be the caller, which `findDelivered` checks. */
const agentCall = { errors: commandErrors, isAudited: false } as const;

export const ec2MessagesOperations = {
  GetMessages: operation({
    ...agentCall,
    handle: GetMessages,
    isTransactional: false,
    isWaiting: true,
    resource: (input, context) => nodeResource(context, input.destination),
  }),
  AcknowledgeMessage: operation({ ...agentCall, handle: AcknowledgeMessage }),
  SendReply: operation({ ...agentCall, handle: SendReply }),
  FailMessage: operation({ ...agentCall, handle: FailMessage }),
  DeleteMessage: operation({ ...agentCall, handle: DeleteMessage }),
  GetEndpoint: operation({
    ...agentCall,
    handle: GetEndpoint,
    resource: (input, context) => nodeResource(context, input.destination),
  }),
};
