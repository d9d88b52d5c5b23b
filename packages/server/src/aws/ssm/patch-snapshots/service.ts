import type { OperatingSystemFacts, PatchBaseline } from '@patchbay/facts';
import { checkBaseline, patchGroupOf } from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import { findNewestFactsId, findNodeFacts } from '../../../patchbay/facts/repository.ts';
import { existsNode } from '../instances/repository.ts';
import { getPatchBaseline } from '../patch-baselines/service.ts';
import { baselineIdFor } from '../patch-groups/service.ts';
import { readTags } from '../tags/repository.ts';
import { PatchSnapshotError } from './errors.ts';
import { findSnapshot, insertSnapshot, lockSnapshot, type PatchSnapshot, type SnapshotIdentity } from './repository.ts';

const dayMilliseconds = 86_400_000;
/** User guide, "SnapshotId": after three days the same id makes a new snapshot. */
const reissueMilliseconds = 3 * dayMilliseconds;
/** How long an address leads to its snapshot. */
export const addressMilliseconds = dayMilliseconds;

export interface SnapshotRequest {
  readonly instanceId: string;
  readonly snapshotId: string;
  /** A baseline to freeze instead of the group's. */
  readonly override?: Omit<PatchBaseline, 'baselineId' | 'name'> | undefined;
}

export interface FrozenSnapshot {
  readonly snapshot: PatchSnapshot;
  /** `Debian12`. */
  readonly product: string | undefined;
}

async function readOperatingSystem(instanceId: string, context: OperationContext): Promise<OperatingSystemFacts> {
  if (!(await existsNode(context.db, context, instanceId))) {
    throw new PatchSnapshotError('SNAPSHOT_INSTANCE', `There is no registered node ${instanceId}.`);
  }
  const factsId = await findNewestFactsId(context.db, context, instanceId);
  const facts = factsId === undefined ? undefined : await findNodeFacts(context.db, context, instanceId, factsId);
  if (!facts) {
    throw new PatchSnapshotError(
      'SNAPSHOT_OPERATING_SYSTEM',
      `${instanceId} has not said yet what operating system it is: scan it first.`,
    );
  }
  return facts.operatingSystem;
}

function checkOverride(override: NonNullable<SnapshotRequest['override']>, wanted: string): PatchBaseline {
  if (override.operatingSystem !== wanted) {
    throw new PatchSnapshotError(
      'SNAPSHOT_OVERRIDE',
      `The override is for ${override.operatingSystem}, but the node is ${wanted}.`,
    );
  }
  const baseline = { ...override, baselineId: '', name: 'BaselineOverride' };
  const [problem] = checkBaseline(baseline);
  if (problem) throw new PatchSnapshotError('SNAPSHOT_OVERRIDE', problem.message);
  return baseline;
}

type SnapshotContext = Pick<OperationContext, 'db' | 'accountId' | 'region' | 'now' | 'dependencies'>;

/** The snapshot of an identity: made by whoever asks first, the same for all that ask within three days. */
export async function openSnapshot(
  wanted: SnapshotIdentity,
  decide: () => Promise<{ readonly baseline: PatchBaseline; readonly revision: number }>,
  context: SnapshotContext,
): Promise<PatchSnapshot> {
  const { db, now, accountId, region } = context;
  const identity = { ...wanted, snapshotId: wanted.snapshotId.toLowerCase() };
  await lockSnapshot(db, context, identity);
  const present = await findSnapshot(db, context, identity, new Date(now.getTime() - reissueMilliseconds));
  if (present) return present;
  const { baseline, revision } = await decide();
  const snapshot = {
    accountId,
    region,
    snapshotKey: context.dependencies.randomId(),
    ...identity,
    baselineId: baseline.baselineId,
    baselineRevision: revision,
    createdAt: now,
  };
  await insertSnapshot(db, { ...snapshot, content: JSON.stringify(baseline) });
  return { ...snapshot, content: baseline };
}

/**
 * The snapshot of a node's group under an id. An override comes from the node that asks, so its snapshot is that node's
 * own: a node decides nothing for its group.
 */
export async function freezeSnapshot(request: SnapshotRequest, context: OperationContext): Promise<FrozenSnapshot> {
  const { instanceId, snapshotId, override } = request;
  const { operatingSystem, product, prettyName } = await readOperatingSystem(instanceId, context);
  if (operatingSystem === null) {
    throw new PatchSnapshotError('SNAPSHOT_OPERATING_SYSTEM', `${prettyName} is not supported.`);
  }
  const overriding = override && checkOverride(override, operatingSystem);
  const tags = await readTags(context.db, context, { resourceType: 'ManagedInstance', resourceId: instanceId });
  const patchGroup = patchGroupOf(tags);
  const snapshot = await openSnapshot(
    { snapshotId, patchGroup: patchGroup ?? '', operatingSystem, instanceId: overriding ? instanceId : '' },
    async () =>
      overriding
        ? { baseline: overriding, revision: 0 }
        : await getPatchBaseline(await baselineIdFor(patchGroup, operatingSystem, context), context),
    context,
  );
  return { snapshot, product: product ?? undefined };
}
