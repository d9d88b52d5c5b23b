import { setTimeout as wait } from 'node:timers/promises';
import {
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  SendCommandCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { GetPatchOperation, ListPatchOperations, type OperationContract } from '@patchbay/contracts';
import type { AdministratorAccess } from '@patchbay/server';
import type { z } from 'zod';
import { readSuccess, sendJsonCall } from '../../packages/server/src/test-support/send-request.ts';

/** What must be true of a command once it is over, whatever happened meanwhile. */
export interface CommandOutcome {
  readonly status: string;
  readonly output: string;
  readonly errors: string;
  /** Rows of history that this command left for the node. */
  readonly operations: number;
  readonly verdict: string | null;
}

/** AWS-RunPatchBaseline, sent and read as an administrator does it. */
export interface PatchCommands {
  /** Sends it to all nodes and answers the command's id. */
  send(operation: 'Scan' | 'Install', more?: Readonly<Record<string, string[]>>): Promise<string>;
  /** True when every invocation has reached its end. */
  isFinished(commandId: string): Promise<boolean>;
  awaitFinished(commandId: string): Promise<void>;
  read(commandId: string, instanceId: string): Promise<CommandOutcome>;
  /** Any operation of Patchbay's own, as the administrator. */
  call<Input extends z.ZodType, Output extends z.ZodType>(
    contract: OperationContract<Input, Output>,
    input: z.input<Input>,
  ): Promise<z.output<Output>>;
}

export interface PatchCommandsOptions {
  readonly ssm: SSMClient;
  readonly endpoint: string;
  readonly administrator: AdministratorAccess;
  readonly to: Pick<SendCommandCommand['input'], 'InstanceIds' | 'Targets'>;
  readonly nodeCount: number;
  readonly patienceMilliseconds: number;
  /** What to look at when a command does not end. */
  readonly describeNodes: () => Promise<string>;
}

const finalStatuses = new Set(['Success', 'Failed', 'Cancelled', 'TimedOut']);

export function openPatchCommands(options: PatchCommandsOptions): PatchCommands {
  const { ssm, endpoint, administrator } = options;

  async function call<Input extends z.ZodType, Output extends z.ZodType>(
    contract: OperationContract<Input, Output>,
    input: z.input<Input>,
  ): Promise<z.output<Output>> {
    const answer = await sendJsonCall(endpoint, {
      target: `Patchbay.${contract.name}`,
      service: 'patchbay',
      region: administrator.region,
      credentials: administrator,
      now: new Date(),
      body: JSON.stringify(input),
    });
    return contract.output.parse(readSuccess(answer));
  }

  const commands: PatchCommands = {
    call,
    async send(operation, more = {}) {
      const { Command } = await ssm.send(
        new SendCommandCommand({
          DocumentName: 'AWS-RunPatchBaseline',
          ...options.to,
          Parameters: { Operation: [operation], ...more },
          MaxConcurrency: '100%',
          MaxErrors: '100%',
        }),
      );
      return Command?.CommandId ?? '';
    },
    async isFinished(commandId) {
      const { CommandInvocations = [] } = await ssm.send(
        new ListCommandInvocationsCommand({ CommandId: commandId, MaxResults: 50 }),
      );
      const ended = CommandInvocations.filter(({ Status }) => finalStatuses.has(Status ?? ''));
      return ended.length === options.nodeCount;
    },
    async awaitFinished(commandId) {
      const deadline = Date.now() + options.patienceMilliseconds;
      while (!(await commands.isFinished(commandId))) {
        if (Date.now() > deadline) {
          throw new Error(`The command ${commandId} does not end. ${await options.describeNodes()}`);
        }
        await wait(500);
      }
    },
    async read(commandId, instanceId) {
      const invocation = await ssm.send(
        new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instanceId }),
      );
      const { operations } = await call(ListPatchOperations, { instanceId, maxResults: 100 });
      const own = operations.filter((operation) => operation.commandId === commandId);
      const [last] = own;
      const stored = last && (await call(GetPatchOperation, { operationId: last.operationId }));
      return {
        status: invocation.Status ?? '',
        output: invocation.StandardOutputContent ?? '',
        errors: invocation.StandardErrorContent ?? '',
        operations: own.length,
        verdict: stored?.verdict?.status ?? null,
      };
    },
  };
  return commands;
}
