import type { PatchCounts, UnknownReason, VerdictItem } from '@patchbay/facts';
import { type AwsPatch, awsPatches, defaultEvaluationSettings, noPatchCounts, unknownItem } from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import {
  findOperationVerdict,
  listNewestOperations,
  type PatchOperation,
} from '../../../patchbay/patch-operations/repository.ts';
import { readQuarantines } from '../instances/repository.ts';

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region' | 'now'>;

/** Results that ended before then no longer speak for their nodes. */
export function freshSince(now: Date): Date {
  return new Date(now.getTime() - defaultEvaluationSettings.verdictMaxAgeHours * 3_600_000);
}

/** Whether a doubt about a result counts: a node that could not be judged has been counted already. */
export function hasDoubt(
  operation: Pick<PatchOperation, 'status' | 'endedAt'>,
  quarantine: string | undefined,
  now: Date,
): boolean {
  return operation.status !== 'unknown' && findDoubt(quarantine, operation.endedAt, now) !== undefined;
}

/** Why what was found last does not speak for the node; undefined while it does. */
function findDoubt(quarantine: string | undefined, endedAt: Date | null, now: Date): UnknownReason | undefined {
  if (quarantine !== undefined) {
    return { code: 'quarantined', message: `The node is in quarantine. ${quarantine}`, archive: null };
  }
  const stale = staleness(endedAt, now);
  return stale === undefined ? undefined : { code: 'stale-facts', message: stale, archive: null };
}

/** Why a stored result no longer speaks for its node; undefined while it does. */
function staleness(endedAt: Date | null, now: Date): string | undefined {
  const mostHours = defaultEvaluationSettings.verdictMaxAgeHours;
  if (endedAt && endedAt >= freshSince(now)) return undefined;
  return `The last scan ended ${endedAt ? `at ${endedAt.toISOString()}` : 'never'}, more than ${mostHours} hours ago: scan the node again.`;
}

/** The counts of the last operation, with the doubt about a stale one or about the node counted as a failure. */
export function countsNow(
  operation: Pick<PatchOperation, 'counts' | 'status' | 'endedAt'>,
  quarantine: string | undefined,
  now: Date,
): PatchCounts {
  const counts = operation.counts ?? noPatchCounts;
  if (!hasDoubt(operation, quarantine, now)) return counts;
  return {
    ...counts,
    failedCount: counts.failedCount + 1,
    otherNonCompliantCount: counts.otherNonCompliantCount + 1,
  };
}

/** What speaks for a node: its last operation, and its rows with the doubt about a stale one laid over them. */
export interface NewestResult {
  readonly operation: PatchOperation;
  readonly items: VerdictItem[];
}

/** The result that speaks for a node; undefined when it was never scanned. */
export async function readNewestResult(instanceId: string, context: Context): Promise<NewestResult | undefined> {
  const [operation] = await listNewestOperations(context.db, context, {
    instanceIds: [instanceId],
    afterInstanceId: '',
    limit: 1,
  });
  if (!operation) return undefined;
  const verdict = await findOperationVerdict(context.db, operation.operationId);
  const items = verdict?.items ?? [];
  const quarantine = (await readQuarantines(context.db, [instanceId])).get(instanceId);
  const doubt = findDoubt(quarantine, operation.endedAt, context.now);
  if (!doubt) return { operation, items };
  const unknown = unknownItem([doubt]);
  return { operation, items: [...items.filter((item) => item.name !== unknown.name), unknown] };
}

/** The patches of a node as its last operation left them; none when it was never scanned. */
export async function listPatches(instanceId: string, context: Context): Promise<AwsPatch[]> {
  const newest = await readNewestResult(instanceId, context);
  return newest ? awsPatches(newest) : [];
}
