import type { LeftOutChange, PatchPlanNode, PatchPlanSummary, PlannedChange } from '@patchbay/contracts';
import type { VerdictItem } from '@patchbay/facts';
import { type ExplainedChange, explainChanges, listLeftOut } from '@patchbay/patching';
import { listPlugins } from '../../aws/ssm/commands/repository.ts';
import { keepWithinReach } from '../../aws/ssm/instances/repository.ts';
import { publicBaselineId } from '../../aws/ssm/patch-baselines/service.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { readOperationVerdicts, readPatchOperations } from '../patch-operations/repository.ts';
import { readPlans } from '../plans/repository.ts';
import type { NodeOfPlan, StoredPatchPlan } from './repository.ts';
import type { CountedPlan } from './service.ts';

/** The target that names nodes; the others name tags, which say nothing about a node. */
const nodesTarget = 'InstanceIds';

/** Plans as a caller may see them: of the nodes that their targets name, those within reach. */
export async function describePatchPlans(
  counted: readonly CountedPlan[],
  context: OperationContext,
): Promise<PatchPlanSummary[]> {
  const targets = counted.flatMap(({ plan }) => plan.targets).filter(({ key }) => key === nodesTarget);
  const named = [...new Set(targets.flatMap(({ values }) => values))];
  const kept = new Set(['*', ...(await keepWithinReach(context.db, context, named, context.reach))]);
  return counted.map(({ plan, nodes }) => ({
    planId: plan.patchPlanId,
    createdAt: plan.createdAt.toISOString(),
    expiresAt: plan.expiresAt.toISOString(),
    createdBy: plan.createdBy,
    windowId: plan.windowId,
    targets: plan.targets.map(({ key, values }) => ({
      key,
      values: values.filter((value) => key !== nodesTarget || kept.has(value)),
    })),
    commandId: plan.commandId,
    nodes,
  }));
}

export async function describePatchPlan(counted: CountedPlan, context: OperationContext): Promise<PatchPlanSummary> {
  const [plan] = await describePatchPlans([counted], context);
  if (plan === undefined) throw new Error(`The plan ${counted.plan.patchPlanId} was not described`);
  return plan;
}

function describeChange({ change, group, why, item }: ExplainedChange): PlannedChange {
  return {
    ...change,
    group,
    why,
    approvedBy: item?.evidence.approvedBy ?? null,
    approvedSince: item?.evidence.clock?.approvedAt ?? null,
    classification: item?.classification ?? '',
    complianceLevel: item?.complianceLevel ?? null,
    section: item?.section ?? '',
    priority: item?.priority ?? '',
  };
}

function describeLeftOut(item: VerdictItem): LeftOutChange {
  const { name, architecture, installedVersion, targetVersion, state, reason, evidence } = item;
  const version = targetVersion ?? evidence.offered[0]?.version ?? evidence.candidate;
  const approvedFrom = state === 'waiting' ? (evidence.clock?.approvedAt ?? null) : null;
  return { name, architecture, installedVersion, version, state, why: reason, approvedFrom };
}

/** What is shown of a complaint; the whole is the command's output. */
const mostWords = 2000;

/** Why a node is not ready. */
async function explainStatus(node: NodeOfPlan, plan: StoredPatchPlan, context: OperationContext): Promise<string> {
  if (node.status === 'ready') return '';
  if (node.status === 'offline') return 'Its agent is not connected; the command waits for it.';
  if (node.status === 'waiting') return `The command that plans is ${node.commandStatus}.`;
  if (node.commandStatus === null) return 'It never answered.';
  const { commandId, createdAt: requestedAt } = plan;
  const steps = await listPlugins(context.db, [{ commandId, instanceId: node.instanceId, requestedAt }]);
  const complaint = steps.map(({ standardError }) => standardError.trim()).find((text) => text !== '');
  const words = [node.traceOutput ?? '', complaint ?? ''].filter((text) => text !== '').join(' ');
  return words === ''
    ? `The command that plans ended as ${node.commandStatus}.`
    : `${node.commandStatus}: ${words.slice(0, mostWords)}`;
}

/** What the nodes of a plan refer to, read for all of them at once. */
interface Background {
  readonly operations: Awaited<ReturnType<typeof readPatchOperations>>;
  readonly verdicts: Awaited<ReturnType<typeof readOperationVerdicts>>;
  readonly plans: Awaited<ReturnType<typeof readPlans>>;
}

async function readBackground(nodes: readonly NodeOfPlan[], context: OperationContext): Promise<Background> {
  const present = (ids: readonly (string | null)[]) => ids.filter((id) => id !== null);
  const planning = present(nodes.map(({ plannedAt, operationId }) => plannedAt && operationId));
  const applying = present(nodes.map(({ appliedOperationId }) => appliedOperationId));
  return {
    operations: await readPatchOperations(context.db, context, [...planning, ...applying]),
    verdicts: await readOperationVerdicts(context.db, planning),
    plans: await readPlans(context.db, context, present(nodes.map(({ planId }) => planId))),
  };
}

/** Nodes of a plan with every change and everything that stays as it is, each with its reason. */
export async function describeNodesOfPlan(
  nodes: readonly NodeOfPlan[],
  plan: StoredPatchPlan,
  context: OperationContext,
): Promise<PatchPlanNode[]> {
  const background = await readBackground(nodes, context);
  const described: PatchPlanNode[] = [];
  for (const node of nodes) described.push(await describeNode(node, plan, background, context));
  return described;
}

async function describeNode(
  node: NodeOfPlan,
  plan: StoredPatchPlan,
  { operations, verdicts, plans }: Background,
  context: OperationContext,
): Promise<PatchPlanNode> {
  const { instanceId, operationId, plannedAt, planId, appliedOperationId } = node;
  const operation = plannedAt && operationId ? operations.get(operationId) : undefined;
  const verdict = operation && verdicts.get(operation.operationId);
  const stored = planId === null ? undefined : plans.get(planId);
  const applied = appliedOperationId === null ? undefined : operations.get(appliedOperationId);
  return {
    instanceId,
    name: node.name ?? '',
    status: node.status,
    detail: await explainStatus(node, plan, context),
    plannedAt: plannedAt?.toISOString() ?? null,
    operationId,
    baselineId: operation ? publicBaselineId(context, operation.baselineId) : null,
    baselineRevision: operation?.baselineRevision ?? null,
    nodePlanId: planId,
    digest: stored?.digest ?? null,
    changes: stored ? explainChanges(stored.content, verdict).map(describeChange) : [],
    leftOut: verdict ? listLeftOut(stored?.content ?? null, verdict).map(describeLeftOut) : [],
    unknownReasons: verdict?.unknownReasons ?? [],
    downloadBytes: stored?.content.downloadBytes ?? 0,
    diskBytes: stored?.content.diskBytes ?? 0,
    reboot: node.reboot && { isExpected: node.reboot.isExpected, reasons: [...node.reboot.reasons] },
    applied: applied
      ? {
          operationId: applied.operationId,
          commandId: applied.commandId,
          startedAt: applied.startedAt.toISOString(),
          endedAt: applied.endedAt?.toISOString() ?? null,
          status: applied.status,
          outcomes: applied.outcomes,
        }
      : null,
  };
}
