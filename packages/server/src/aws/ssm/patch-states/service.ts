import type { PatchCounts, UnknownReason, VerdictItem } from '@patchbay/facts';
import { type AwsPatch, awsPatches, noPatchCounts, unknownItem } from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import {
  findOperationVerdict,
  listNewestOperations,
  type PatchOperation,
} from '../../../patchbay/patch-operations/repository.ts';
import { readSettings } from '../../../patchbay/settings/service.ts';
import { readQuarantines } from '../instances/repository.ts';

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region' | 'now'>;

/** Results that ended before `since` no longer speak for their nodes: the account's `verdictMaxAgeHours`. */
export interface Freshness {
  readonly since: Date;
  readonly mostHours: number;
}

export async function readFreshness({ db, accountId, now }: Context): Promise<Freshness> {
  const { settings } = await readSettings(db, accountId);
  const { verdictMaxAgeHours: mostHours } = settings;
  return { mostHours, since: new Date(now.getTime() - mostHours * 3_600_000) };
}

/** Whether a doubt about a result counts: a node that could not be judged has been counted already. */
export function hasDoubt(
  operation: Pick<PatchOperation, 'status' | 'endedAt'>,
  quarantine: string | undefined,
  fresh: Freshness,
): boolean {
  return operation.status !== 'unknown' && findDoubt(quarantine, operation.endedAt, fresh) !== undefined;
}

/** Why what was found last does not speak for the node; undefined while it does. */
function findDoubt(quarantine: string | undefined, endedAt: Date | null, fresh: Freshness): UnknownReason | undefined {
  if (quarantine !== undefined) {
    return { code: 'quarantined', message: `The node is in quarantine. ${quarantine}`, archive: null };
  }
  const stale = staleness(endedAt, fresh);
  return stale === undefined ? undefined : { code: 'stale-facts', message: stale, archive: null };
}

/** Why a stored result no longer speaks for its node; undefined while it does. */
function staleness(endedAt: Date | null, { since, mostHours }: Freshness): string | undefined {
  if (endedAt && endedAt >= since) return undefined;
  return `The last scan ended ${endedAt ? `at ${endedAt.toISOString()}` : 'never'}, more than ${mostHours} hours ago: scan the node again.`;
}

/** The counts of the last operation, with the doubt about a stale one or about the node counted as a failure. */
export function countsNow(
  operation: Pick<PatchOperation, 'counts' | 'status' | 'endedAt'>,
  quarantine: string | undefined,
  fresh: Freshness,
): PatchCounts {
  const counts = operation.counts ?? noPatchCounts;
  if (!hasDoubt(operation, quarantine, fresh)) return counts;
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
  const doubt = findDoubt(quarantine, operation.endedAt, await readFreshness(context));
  if (!doubt) return { operation, items };
  const unknown = unknownItem([doubt]);
  return { operation, items: [...items.filter((item) => item.name !== unknown.name), unknown] };
}

/** The patches of a node as its last operation left them; none when it was never scanned. */
export async function listPatches(instanceId: string, context: Context): Promise<AwsPatch[]> {
  const newest = await readNewestResult(instanceId, context);
  return newest ? awsPatches(newest) : [];
}
