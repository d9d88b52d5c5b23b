import type {
  ListComplianceItemsRequest,
  ListComplianceItemsResult,
  ListComplianceSummariesRequest,
  ListComplianceSummariesResult,
  ListResourceComplianceSummariesRequest,
  ListResourceComplianceSummariesResult,
} from '@aws-sdk/client-ssm';
import { type ComplianceCounts, type SeverityCounts, totalOf } from '@patchbay/patching';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { nodeResource } from '../../../operations/resources.ts';
import type { PatchOperation } from '../../../patchbay/patch-operations/repository.ts';
import { publicBaselineId } from '../patch-baselines/baseline-ids.ts';
import { ComplianceError, complianceErrors } from './errors.ts';
import { type Field, readComplianceFilters } from './filters.ts';
import {
  type ComplianceOfNode,
  countNodes,
  listNodeCompliance,
  type NodeCompliance,
  readCompliance,
} from './service.ts';

type Item = CamelCased<NonNullable<ListComplianceItemsResult['ComplianceItems']>[number]>;
type ResourceSummary = CamelCased<
  NonNullable<ListResourceComplianceSummariesResult['ResourceComplianceSummaryItems']>[number]
>;

const mostResults = 50;
const times: ReadonlySet<string> = new Set(['ExecutionTime']);

function describeExecution({
  commandId,
  startedAt,
  endedAt,
}: Pick<PatchOperation, 'commandId' | 'startedAt' | 'endedAt'>) {
  const executionTime = endedAt ?? startedAt;
  return commandId === null
    ? { executionTime }
    : { executionTime, executionId: commandId, executionType: 'Command' as const };
}

function describeItems(resourceId: string, found: ComplianceOfNode, context: OperationContext): Item[] {
  const { operation: executed, command, patches } = found;
  const ofCommand = command && { DocumentName: command.documentName, DocumentVersion: command.documentVersion };
  return patches.map(({ patch, status, severity }) => ({
    complianceType: 'Patch',
    resourceType: 'ManagedInstance',
    resourceId,
    id: patch.kbId,
    title: patch.title,
    status,
    severity,
    executionSummary: describeExecution(executed),
    details: {
      Classification: patch.classification,
      PatchBaselineId: publicBaselineId(context, executed.baselineId),
      PatchGroup: executed.patchGroup,
      PatchSeverity: patch.severity,
      PatchState: patch.state,
      InstalledTime: new Date(patch.installedTime * 1000).toISOString(),
      ...ofCommand,
    },
  }));
}

const detailKeys = ['Classification', 'PatchBaselineId', 'PatchGroup', 'PatchSeverity', 'PatchState', 'DocumentName'];

const itemFields = new Map<string, Field<Item>>([
  ['ComplianceType', (item) => item.complianceType],
  ['Id', (item) => item.id],
  ['Title', (item) => item.title],
  ['Status', (item) => item.status],
  ['Severity', (item) => item.severity],
  ['ExecutionId', (item) => item.executionSummary?.executionId],
  ['ExecutionType', (item) => item.executionSummary?.executionType],
  ['ExecutionTime', (item) => item.executionSummary?.executionTime],
  ...detailKeys.map((key): [string, Field<Item>] => [key, (item) => item.details?.[key]]),
]);

async function ListComplianceItems(
  input: CamelCased<ListComplianceItemsRequest>,
  context: OperationContext,
): Promise<CamelCased<ListComplianceItemsResult>> {
  const { resourceIds = [], resourceTypes = [], maxResults: limit = mostResults } = input;
  const [resourceId = ''] = resourceIds;
  if (resourceIds.length !== 1) {
    throw new ComplianceError('COMPLIANCE_RESOURCE_ID', `Give exactly one resource id, not ${resourceIds.length}.`);
  }
  const otherType = resourceTypes.find((type) => type !== 'ManagedInstance');
  if (otherType !== undefined) {
    throw new ComplianceError(
      'COMPLIANCE_RESOURCE_TYPE',
      `Resources of type ${otherType} have no compliance; the only type is ManagedInstance.`,
    );
  }
  const matches = readComplianceFilters(input.filters ?? [], itemFields, times);
  const page = startOfPage('ListComplianceItems', input, context);
  const compliance = await readCompliance(resourceId, context);
  const found = (compliance ? describeItems(resourceId, compliance, context) : [])
    .filter((item) => (item.id ?? '') > page.after && matches(item))
    .slice(0, limit + 1);
  return {
    complianceItems: found.slice(0, limit),
    nextToken: nextToken(page, found, limit, (item) => item.id ?? ''),
  };
}

const nodeFields = new Map<string, Field<NodeCompliance>>([
  ['ComplianceType', () => 'Patch'],
  ['ResourceType', () => 'ManagedInstance'],
  ['ResourceId', ({ node }) => node.instanceId],
  ['Status', ({ overall }) => overall.status],
  ['OverallSeverity', ({ overall }) => overall.severity],
  ['ExecutionId', ({ node }) => node.commandId ?? undefined],
  ['ExecutionType', ({ node }) => (node.commandId === null ? undefined : 'Command')],
  ['ExecutionTime', ({ node }) => node.endedAt ?? node.startedAt],
  ['AWS:InstanceInformation.InstanceId', ({ node }) => node.instanceId],
  ['AWS:InstanceInformation.ResourceType', () => 'ManagedInstance'],
  ['AWS:InstanceInformation.AgentType', ({ node }) => node.agentName ?? undefined],
  ['AWS:InstanceInformation.AgentVersion', ({ node }) => node.agentVersion ?? undefined],
  ['AWS:InstanceInformation.ComputerName', ({ node }) => node.computerName ?? undefined],
  ['AWS:InstanceInformation.IpAddress', ({ node }) => node.ipAddress ?? undefined],
  ['AWS:InstanceInformation.PlatformName', ({ node }) => node.platformName ?? undefined],
  ['AWS:InstanceInformation.PlatformType', ({ node }) => node.platformType ?? undefined],
  ['AWS:InstanceInformation.PlatformVersion', ({ node }) => node.platformVersion ?? undefined],
]);

function describeSeverities(counts: SeverityCounts) {
  return {
    criticalCount: counts.CRITICAL,
    highCount: counts.HIGH,
    mediumCount: counts.MEDIUM,
    lowCount: counts.LOW,
    informationalCount: counts.INFORMATIONAL,
    unspecifiedCount: counts.UNSPECIFIED,
  };
}

function describeCounts({ compliant, nonCompliant }: ComplianceCounts) {
  return {
    compliantSummary: { compliantCount: totalOf(compliant), severitySummary: describeSeverities(compliant) },
    nonCompliantSummary: {
      nonCompliantCount: totalOf(nonCompliant),
      severitySummary: describeSeverities(nonCompliant),
    },
  };
}

async function ListComplianceSummaries(
  input: CamelCased<ListComplianceSummariesRequest>,
  context: OperationContext,
): Promise<CamelCased<ListComplianceSummariesResult>> {
  const matches = readComplianceFilters(input.filters ?? [], nodeFields, times);
  // There is one type and so never a second page; a token is still none of ours.
  startOfPage('ListComplianceSummaries', input, context);
  const nodes = await listNodeCompliance({ matches, afterInstanceId: '', limit: Number.POSITIVE_INFINITY }, context);
  return {
    complianceSummaryItems:
      nodes.length === 0 ? [] : [{ complianceType: 'Patch', ...describeCounts(countNodes(nodes)) }],
  };
}

function describeResource({ node, counts, overall }: NodeCompliance): ResourceSummary {
  return {
    complianceType: 'Patch',
    resourceType: 'ManagedInstance',
    resourceId: node.instanceId,
    status: overall.status,
    overallSeverity: overall.severity,
    executionSummary: describeExecution(node),
    ...describeCounts(counts),
  };
}

async function ListResourceComplianceSummaries(
  input: CamelCased<ListResourceComplianceSummariesRequest>,
  context: OperationContext,
): Promise<CamelCased<ListResourceComplianceSummariesResult>> {
  const matches = readComplianceFilters(input.filters ?? [], nodeFields, times);
  const page = startOfPage('ListResourceComplianceSummaries', input, context);
  const limit = input.maxResults ?? mostResults;
  const found = await listNodeCompliance({ matches, afterInstanceId: page.after, limit: limit + 1 }, context);
  return {
    resourceComplianceSummaryItems: found.slice(0, limit).map(describeResource),
    nextToken: nextToken(page, found, limit, ({ node }) => node.instanceId),
  };
}

export const complianceOperations = {
  ListComplianceItems: operation({
    handle: ListComplianceItems,
    errors: complianceErrors,
    resource: (input, context) => nodeResource(context, input.resourceIds?.[0] ?? ''),
  }),
  ListComplianceSummaries: operation({ handle: ListComplianceSummaries, errors: complianceErrors }),
  ListResourceComplianceSummaries: operation({ handle: ListResourceComplianceSummaries, errors: complianceErrors }),
};
