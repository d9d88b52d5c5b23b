import type { OperatingSystem } from '@patchbay/facts';
import { resolveBaseline } from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import { bareBaselineId } from '../patch-baselines/baseline-ids.ts';
import { listDefaultBaselines } from '../patch-baselines/repository.ts';
import { getPatchBaselineForUse } from '../patch-baselines/service.ts';
import { PatchGroupError } from './errors.ts';
import {
  deleteRegistration,
  insertRegistration,
  listGroupsOfBaseline,
  listRegistrations,
  lockRegistrationsOf,
} from './repository.ts';

/** Gives a patch group its baseline for the baseline's operating system. Doing it again changes nothing. */
export async function registerBaselineForGroup(
  baselineId: string,
  patchGroup: string,
  context: OperationContext,
): Promise<void> {
  const { baseline } = await getPatchBaselineForUse(baselineId, context);
  await lockRegistrationsOf(context.db, context, baseline.baselineId);
  const groups = await listGroupsOfBaseline(context.db, context, baseline.baselineId);
  if (groups.includes(patchGroup)) return;
  const mostGroups = context.dependencies.quotas['patch-groups-per-baseline'];
  if (groups.length >= mostGroups) {
    throw new PatchGroupError('GROUP_LIMIT', `A patch baseline can serve at most ${mostGroups} patch groups.`);
  }
  const registration = {
    patchGroup,
    operatingSystem: baseline.operatingSystem,
    baselineId: baseline.baselineId,
  };
  if (!(await insertRegistration(context.db, context, registration))) {
    throw new PatchGroupError(
      'GROUP_TAKEN',
      `Patch Group baseline already has a baseline registered for OperatingSystem ${baseline.operatingSystem}.`,
    );
  }
}

/** Takes a patch group away from a baseline. A registration that is not there is no error: it is gone, as was wanted. */
export async function deregisterBaselineForGroup(
  baselineId: string,
  patchGroup: string,
  context: OperationContext,
): Promise<void> {
  await deleteRegistration(context.db, context, { patchGroup, baselineId: bareBaselineId(baselineId, context) });
}

/** The baseline that serves nodes of a group (null: of none) and operating system. */
export async function baselineIdFor(
  patchGroup: string | null,
  operatingSystem: OperatingSystem,
  context: Pick<OperationContext, 'db' | 'accountId' | 'region'>,
): Promise<string> {
  const resolution = resolveBaseline({
    patchGroup,
    operatingSystem,
    registrations: patchGroup === null ? [] : await listRegistrations(context.db, context, patchGroup),
    defaults: await listDefaultBaselines(context.db, context),
  });
  return resolution.baselineId;
}
