import { setTimeout as sleep } from 'node:timers/promises';
import { GetNodeFacts, GetPatchOperation, GetPlan, ListPatchOperations } from '@patchbay/contracts';
import { archiveKey, type ClockRung, type NodeFacts, type Plan, type Verdict, type VerdictItem } from '@patchbay/facts';
import { z } from 'zod';
import type { ControlPlaneClient } from '../control-plane-client.ts';
import { DemoError } from './demo-error.ts';
import type { Progress } from './progress.ts';

const Activation = z.object({ ActivationId: z.string(), ActivationCode: z.string() });
const Baseline = z.object({ BaselineId: z.string() });
const Instances = z.object({
  InstanceInformationList: z.array(z.object({ InstanceId: z.string(), PingStatus: z.string() })),
});
const Sent = z.object({ Command: z.object({ CommandId: z.string() }) });
const Invocations = z.object({
  CommandInvocations: z.array(z.object({ Status: z.string(), StatusDetails: z.string() })),
});
const Step = z.object({ StandardOutputContent: z.string(), StandardErrorContent: z.string() });

export const patchGroup = 'WebServers';

/** What one command came to: the operation that it led to, the verdict and, after an install, the plan. */
export interface PatchResult {
  readonly commandId: string;
  readonly operationId: string;
  readonly verdict: Verdict;
  readonly plan: Plan | null;
}

export async function createActivation(client: ControlPlaneClient): Promise<{ id: string; code: string }> {
  const made = Activation.parse(
    await client.ssm('CreateActivation', {
      IamRole: 'patchbay-node',
      DefaultInstanceName: 'web-1',
      Tags: [{ Key: 'PatchGroup', Value: patchGroup }],
    }),
  );
  return { id: made.ActivationId, code: made.ActivationCode };
}

/** Every security update seven days after it appeared, as AWS's own predefined baselines have it. */
export async function createBaseline(client: ControlPlaneClient): Promise<string> {
  const made = Baseline.parse(
    await client.ssm('CreatePatchBaseline', {
      Name: 'web-servers',
      OperatingSystem: 'DEBIAN',
      Description: 'Security updates, a week after they appear.',
      ApprovalRules: {
        PatchRules: [
          {
            PatchFilterGroup: { PatchFilters: [{ Key: 'PRODUCT', Values: ['Debian12'] }] },
            ComplianceLevel: 'HIGH',
            ApproveAfterDays: 7,
          },
        ],
      },
    }),
  );
  await client.ssm('RegisterPatchBaselineForPatchGroup', { BaselineId: made.BaselineId, PatchGroup: patchGroup });
  return made.BaselineId;
}

/** Waits until the one node of the demonstration has enrolled and reported. */
export async function waitForNode(client: ControlPlaneClient, signal: AbortSignal): Promise<string> {
  const mostTries = 150;
  for (let tries = 0; tries < mostTries && !signal.aborted; tries += 1) {
    const { InstanceInformationList: nodes } = Instances.parse(await client.ssm('DescribeInstanceInformation', {}));
    const online = nodes.find((node) => node.PingStatus === 'Online');
    if (online) return online.InstanceId;
    await sleep(200);
  }
  throw new DemoError('NO_NODE', 'The node did not come online within half a minute; its log says why.');
}

/** Sends AWS-RunPatchBaseline to the patch group and waits for its end. */
export async function runPatchBaseline(
  client: ControlPlaneClient,
  instanceId: string,
  operation: 'Scan' | 'Install',
  signal: AbortSignal,
): Promise<PatchResult> {
  const { Command } = Sent.parse(
    await client.ssm('SendCommand', {
      DocumentName: 'AWS-RunPatchBaseline',
      Targets: [{ Key: 'tag:PatchGroup', Values: [patchGroup] }],
      Parameters: { Operation: [operation] },
    }),
  );
  const commandId = Command.CommandId;
  for (;;) {
    const { CommandInvocations: found } = Invocations.parse(
      await client.ssm('ListCommandInvocations', { CommandId: commandId, InstanceId: instanceId }),
    );
    const invocation = found[0];
    const isRunning = !invocation || ['Pending', 'InProgress', 'Delayed'].includes(invocation.Status);
    if (!isRunning && invocation.Status !== 'Success') {
      const step = Step.parse(
        await client.ssm('GetCommandInvocation', { CommandId: commandId, InstanceId: instanceId }),
      );
      throw new DemoError(
        'COMMAND_FAILED',
        `${operation} ended as ${invocation.StatusDetails}:\n${step.StandardOutputContent}\n${step.StandardErrorContent}`,
      );
    }
    if (!isRunning) break;
    if (signal.aborted) throw new DemoError('COMMAND_FAILED', `Stopped while ${operation} was running.`);
    await sleep(200);
  }
  const { operations } = await client.call(ListPatchOperations, { instanceId });
  const mine = operations.find((each) => each.commandId === commandId);
  if (!mine) throw new DemoError('COMMAND_FAILED', `${operation} succeeded and left no result.`);
  const { verdict } = await client.call(GetPatchOperation, { operationId: mine.operationId });
  if (!verdict) throw new DemoError('COMMAND_FAILED', `${operation} left no verdict.`);
  const plan = mine.planId === null ? null : (await client.call(GetPlan, { planId: mine.planId })).plan;
  return { commandId, operationId: mine.operationId, verdict, plan };
}

/** Archives of a node as apt names them, by their key: `Debian-Security/oldstable-security`. */
export function archiveNames(facts: NodeFacts): Map<string, string> {
  return new Map(
    facts.offers.archives.map((archive) => [
      archiveKey(archive.address),
      archive.release ? `${archive.release.label}/${archive.release.suite}` : archiveKey(archive.address),
    ]),
  );
}

export async function readFacts(client: ControlPlaneClient, instanceId: string): Promise<NodeFacts> {
  return (await client.call(GetNodeFacts, { instanceId })).facts;
}

/** The missing patches as lines of a table: what, from where to where, out of which archive, by which rung. */
export function missingTable(
  items: readonly VerdictItem[],
  names: ReadonlyMap<string, string>,
  most: number,
): string[] {
  const rows = items.map((item) => {
    const offer = item.evidence.offered.find((each) => each.version === item.targetVersion);
    const archives = offer?.archives.map((key) => names.get(key) ?? key).join(', ') ?? '';
    const clock = item.evidence.clock;
    const dated = clock ? `${clock.rung}${clock.availableAt ? ` ${clock.availableAt.slice(0, 10)}` : ''}` : '';
    return [
      `${item.name}.${item.architecture}`,
      item.installedVersion ?? '',
      item.targetVersion ?? '',
      archives,
      dated,
    ];
  });
  const table = [['PACKAGE', 'INSTALLED', 'MISSING', 'ARCHIVE', 'CLOCK'], ...rows];
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return lines.length > most + 1 ? [...lines.slice(0, most + 1), `... and ${lines.length - most - 1} more`] : lines;
}

const rungWords = {
  published: 'publication date',
  'first-seen': 'first seen',
  changelog: 'changelog date',
  undated: 'no date',
} as const satisfies Record<ClockRung, string>;

/** What waits, until when, and how its date is known: `nginx 1.2 until 2026-11-27 (changelog date)`. */
export function waitingLines(items: readonly VerdictItem[], most: number): string[] {
  const lines = items.map(({ name, targetVersion, evidence: { clock } }) => {
    const until = clock?.approvedAt?.slice(0, 10) ?? 'nobody knows when';
    return `${name} ${targetVersion} until ${until} (${rungWords[clock?.rung ?? 'undated']})`;
  });
  return lines.length > most ? [...lines.slice(0, most), `... and ${lines.length - most} more`] : lines;
}

/** Narrates a verdict in one line. */
export function describeCounts(verdict: Verdict, progress: Progress): void {
  const missing = verdict.items.filter((item) => item.state === 'missing').length;
  const waiting = verdict.items.filter((item) => item.state === 'waiting').length;
  const status = verdict.status.toUpperCase().replace('-', '_');
  progress.line(`Verdict: ${status}; ${verdict.items.length} packages, ${missing} missing, ${waiting} waiting`);
  for (const reason of verdict.unknownReasons) progress.line(`Cannot tell: ${reason.message}`);
}
