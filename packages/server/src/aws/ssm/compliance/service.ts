import {
  type ComplianceCounts,
  type CompliancePatch,
  compliancePatches,
  countCompliance,
  noSeverities,
  overallCompliance,
  type SeverityCounts,
} from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import { findOperationVerdict, type PatchOperation } from '../../../patchbay/patch-operations/repository.ts';
import { type Command, findCommand } from '../commands/repository.ts';
import { existsNode, readQuarantines } from '../instances/repository.ts';
import { type Freshness, hasDoubt, readFreshness, readNewestResult } from '../patch-states/service.ts';
import { ComplianceError } from './errors.ts';
import { listScannedNodes, type ScannedNode } from './repository.ts';

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region' | 'now'>;

/** A node with what its patches mean for compliance now. */
export interface NodeCompliance {
  readonly node: ScannedNode;
  readonly counts: ComplianceCounts;
  readonly overall: ReturnType<typeof overallCompliance>;
}

/** The patches of one node, and the operation and command that found them. */
export interface ComplianceOfNode {
  readonly operation: PatchOperation;
  readonly command: Command | undefined;
  readonly patches: CompliancePatch[];
}

/** The patches of a registered node in the order of their ids; undefined when it was never scanned. */
export async function readCompliance(instanceId: string, context: Context): Promise<ComplianceOfNode | undefined> {
  if (!(await existsNode(context.db, context, instanceId))) {
    throw new ComplianceError('COMPLIANCE_RESOURCE_ID', `There is no registered node ${instanceId}.`);
  }
  const newest = await readNewestResult(instanceId, context);
  if (!newest) return undefined;
  const { operation, items } = newest;
  const { commandId } = operation;
  return {
    operation,
    command: commandId === null ? undefined : await findCommand(context.db, context, commandId),
    patches: compliancePatches(items).sort((left, right) => (left.patch.kbId < right.patch.kbId ? -1 : 1)),
  };
}

async function complianceOf(
  node: ScannedNode,
  quarantine: string | undefined,
  fresh: Freshness,
  context: Context,
): Promise<NodeCompliance> {
  // Operations that ended before the counts were kept beside them have only their verdict.
  const stored =
    node.severities ?? countCompliance((await findOperationVerdict(context.db, node.operationId)) ?? { items: [] });
  const counts = hasDoubt(node, quarantine, fresh)
    ? {
        ...stored,
        nonCompliant: { ...stored.nonCompliant, UNSPECIFIED: stored.nonCompliant.UNSPECIFIED + 1 },
      }
    : stored;
  return { node, counts, overall: overallCompliance(counts) };
}

const nodesAtOnce = 500;

/** Every scanned node within reach that matches, in the order of their ids and until the limit; read in portions. */
export async function listNodeCompliance(
  query: {
    readonly matches: (node: NodeCompliance) => boolean;
    readonly afterInstanceId: string;
    readonly limit: number;
  },
  context: Context & Pick<OperationContext, 'reach'>,
): Promise<NodeCompliance[]> {
  const found: NodeCompliance[] = [];
  const fresh = await readFreshness(context);
  let { afterInstanceId } = query;
  for (;;) {
    const nodes = await listScannedNodes(context.db, context, {
      reach: context.reach,
      afterInstanceId,
      limit: nodesAtOnce,
    });
    const quarantines = await readQuarantines(
      context.db,
      nodes.map(({ instanceId }) => instanceId),
    );
    for (const node of nodes) {
      const compliance = await complianceOf(node, quarantines.get(node.instanceId), fresh, context);
      if (query.matches(compliance)) found.push(compliance);
      if (found.length >= query.limit) return found;
    }
    const last = nodes.at(-1);
    if (last === undefined || nodes.length < nodesAtOnce) return found;
    afterInstanceId = last.instanceId;
  }
}

/** How many nodes there are of each status and severity. */
export function countNodes(nodes: readonly NodeCompliance[]): {
  readonly compliant: SeverityCounts;
  readonly nonCompliant: SeverityCounts;
} {
  const counts = { compliant: noSeverities(), nonCompliant: noSeverities() };
  for (const { overall } of nodes) {
    counts[overall.status === 'COMPLIANT' ? 'compliant' : 'nonCompliant'][overall.severity] += 1;
  }
  return counts;
}
