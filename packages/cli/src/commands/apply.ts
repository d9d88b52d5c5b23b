import { setTimeout as wait } from 'node:timers/promises';
import { ApplyPatchPlan, type PatchPlanNode } from '@patchbay/contracts';
import { Argument, Command, Option } from 'commander';
import { z } from 'zod';
import type { ControlPlaneClient } from '../control-plane-client.ts';
import {
  type AccessFlags,
  collectPages,
  connect,
  type OutputFlags,
  print,
  withAccess,
  withOutput,
} from '../control-plane-options.ts';
import { waitForStopSignal } from '../stop-signals.ts';
import { describeApplied, isCarriedOut } from './describe-plan.ts';
import { readWholePlan } from './stored-plan.ts';

const lookMilliseconds = 2_000;

interface Flags extends AccessFlags, OutputFlags {
  readonly maxConcurrency?: string;
  readonly maxErrors?: string;
  readonly rebootOption: 'RebootIfNeeded' | 'NoReboot';
}

/** What of ListCommands is looked at here. */
const Commands = z.object({
  Commands: z
    .array(
      z.object({
        Status: z.string(),
        TargetCount: z.number(),
        CompletedCount: z.number(),
        ErrorCount: z.number(),
      }),
    )
    .length(1),
});

const Invocations = z.object({
  CommandInvocations: z.array(
    z.object({
      InstanceId: z.string(),
      Status: z.string(),
      StatusDetails: z.string(),
      TraceOutput: z.string().default(''),
    }),
  ),
  NextToken: z.string().optional(),
});

type Invocation = z.infer<typeof Invocations>['CommandInvocations'][number];

const unfinished: ReadonlySet<string> = new Set(['Pending', 'InProgress', 'Cancelling']);

/** Follows a command to its end; answers its status, or null where somebody stopped following. */
async function follow(client: ControlPlaneClient, commandId: string): Promise<string | null> {
  const stopped = waitForStopSignal().then(() => true);
  let told = '';
  for (;;) {
    const [command] = Commands.parse(await client.ssm('ListCommands', { CommandId: commandId })).Commands;
    if (command === undefined) throw new RangeError(`The command ${commandId} is gone`);
    const words = `${command.Status}: ${command.CompletedCount} of ${command.TargetCount} nodes ended, ${command.ErrorCount} with errors`;
    if (words !== told) console.error(words);
    told = words;
    if (!unfinished.has(command.Status)) return command.Status;
    if (await Promise.race([stopped, wait(lookMilliseconds).then(() => false)])) return null;
  }
}

async function listInvocations(client: ControlPlaneClient, commandId: string) {
  return await collectPages(async (nextToken) => {
    const input = {
      CommandId: commandId,
      MaxResults: 50,
      ...(nextToken === undefined ? {} : { NextToken: nextToken }),
    };
    const page = Invocations.parse(await client.ssm('ListCommandInvocations', input));
    return { entries: page.CommandInvocations, nextToken: page.NextToken };
  });
}

const StepOutput = z.object({ StandardErrorContent: z.string().default('') });

/** What a node said about why the command did not go well there. */
async function explainFailure(client: ControlPlaneClient, commandId: string, invocation: Invocation): Promise<string> {
  const about = { CommandId: commandId, InstanceId: invocation.InstanceId };
  const { StandardErrorContent } = StepOutput.parse(await client.ssm('GetCommandInvocation', about));
  const words = [invocation.TraceOutput, StandardErrorContent].map((text) => text.trim()).filter((text) => text !== '');
  return [`${invocation.InstanceId}: the command ended as ${invocation.StatusDetails}.`, ...words].join(' ');
}

/** 0 where all of a plan is in, on every node: those of the command, and those that got none. */
export function exitStatusOf(
  invocations: readonly Pick<Invocation, 'InstanceId' | 'Status'>[],
  nodes: readonly PatchPlanNode[],
): 0 | 1 {
  const sent = new Set(invocations.map(({ InstanceId }) => InstanceId));
  const hasSucceeded = invocations.every(({ Status }) => Status === 'Success');
  return hasSucceeded && nodes.every((node) => sent.has(node.instanceId) || isCarriedOut(node)) ? 0 : 1;
}

/** `patchbay apply`: carries out a plan, exactly it, and says what it stopped. */
export const applyCommand = withOutput(withAccess(new Command('apply')))
  .description('Carry out a plan: what it holds and nothing else, stopping what is not as it was when it was made')
  .addArgument(new Argument('<plan-id>', 'as `patchbay plan` shows it'))
  .option('--max-concurrency <rate>', 'how many nodes at once: 50 or 10% (default: 50)')
  .option('--max-errors <rate>', 'how many nodes may fail before no further one begins: 0 or 10% (default: 0)')
  .addOption(
    new Option('--reboot-option <option>', 'whether nodes restart where a patch needs it')
      .choices(['RebootIfNeeded', 'NoReboot'])
      .default('RebootIfNeeded'),
  )
  .addHelpText(
    'after',
    `
A plan is carried out once on each node, within a week. A node on which anything was stopped counts as failed.
Exit status: 0 all of the plan is in on every node, 1 something failed, was stopped, or is not in on a
node that got no command, 2 an error, 130 interrupted (the command goes on; aws ssm cancel-command stops it).`,
  )
  .action(async (planId: string, flags: Flags) => {
    const client = await connect(flags);
    const { maxConcurrency, maxErrors, rebootOption } = flags;
    const { commandId, instanceIds, leftOut } = await client.call(ApplyPatchPlan, {
      planId,
      rebootOption,
      ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
      ...(maxErrors === undefined ? {} : { maxErrors }),
    });
    console.error(`Command ${commandId} carries the plan out; nodes: ${instanceIds.length}.`);
    for (const { instanceId, why } of leftOut) console.error(`Not on ${instanceId}: ${why}`);
    const status = await follow(client, commandId);
    if (status === null) {
      console.error(`Not following any more. The command goes on: aws ssm list-commands --command-id ${commandId}`);
      process.exit(130);
    }
    const { plan, nodes } = await readWholePlan(client, planId);
    const meant = new Set(instanceIds);
    const invocations = await listInvocations(client, commandId);
    const failed = invocations.filter((each) => each.Status !== 'Success');
    const failures: string[] = [];
    for (const invocation of failed) failures.push(await explainFailure(client, commandId, invocation));
    const applied = nodes.filter((node) => meant.has(node.instanceId));
    const answer = { commandId, status, plan, leftOut, invocations, failures, nodes: applied };
    print(answer, flags, () => [
      ...applied.flatMap(describeApplied),
      ...failures,
      `The plan ${planId} was carried out: ${status}`,
    ]);
    process.exitCode = exitStatusOf(invocations, nodes);
  });
