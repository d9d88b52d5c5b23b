import type { PatchCounts, Verdict } from '@patchbay/facts';
import { type AwsPatch, awsPatches, defaultEvaluationSettings, noPatchCounts } from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import {
  findOperationVerdict,
  listNewestOperations,
  type PatchOperation,
} from '../../../patchbay/patch-operations/repository.ts';
import { readQuarantines } from '../instances/repository.ts';

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region' | 'now'>;

/** Why a stored result no longer speaks for its node; undefined while it does. */
function staleness(endedAt: Date | null, now: Date): string | undefined {
  const mostHours = defaultEvaluationSettings.verdictMaxAgeHours;
  if (endedAt && now.getTime() - endedAt.getTime() <= mostHours * 3_600_000) return undefined;
  return `The last scan ended ${endedAt ? `at ${endedAt.toISOString()}` : 'never'}, more than ${mostHours} hours ago: scan the node again.`;
}

/** The counts of the last operation, with the doubt about a stale one or about the node counted as a failure. */
export function countsNow(operation: PatchOperation, quarantine: string | undefined, now: Date): PatchCounts {
  const counts = operation.counts ?? noPatchCounts;
  // A node that could not be judged has been counted as a failure already.
  if (operation.status === 'unknown' || !(quarantine ?? staleness(operation.endedAt, now))) return counts;
  return {
    ...counts,
    failedCount: counts.failedCount + 1,
    otherNonCompliantCount: counts.otherNonCompliantCount + 1,
  };
}

/** The patches of a node as its last operation left them; none when it was never scanned. */
export async function listPatches(instanceId: string, context: Context): Promise<AwsPatch[]> {
  const [operation] = await listNewestOperations(context.db, context, {
    instanceIds: [instanceId],
    afterInstanceId: '',
    limit: 1,
  });
  if (!operation) return [];
  const verdict: Verdict | undefined = await findOperationVerdict(context.db, operation.operationId);
  const patches = verdict ? awsPatches(verdict) : [];
  const quarantine = (await readQuarantines(context.db, [instanceId])).get(instanceId);
  const doubt = quarantine ? `The node is in quarantine. ${quarantine}` : staleness(operation.endedAt, context.now);
  if (!doubt) return patches;
  const unknown: AwsPatch = {
    title: doubt,
    kbId: 'patchbay-unknown',
    classification: '',
    severity: '',
    state: 'FAILED',
    installedTime: 0,
  };
  return [...patches.filter((patch) => patch.kbId !== unknown.kbId), unknown];
}
