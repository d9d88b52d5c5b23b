import type { OperatingSystem, PatchBaseline } from '@patchbay/facts';
import {
  type BaselineChange,
  checkBaseline,
  predefinedBaselineFor,
  predefinedBaselines,
  updateBaseline,
} from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import { listGroupsOfBaseline } from '../patch-groups/repository.ts';
import { removeTags } from '../tags/repository.ts';
import { bareBaselineId, baselineNotFound, findPredefined, isPredefined } from './baseline-ids.ts';
import { PatchBaselineError } from './errors.ts';
import type { BaselineFilter } from './filters.ts';
import {
  type BaselineSummary,
  findPatchBaseline,
  hasReachedQuota,
  insertPatchBaseline,
  insertRevision,
  listDefaultBaselines,
  listPatchBaselines,
  lockPatchBaseline,
  markPatchBaselineDeleted,
  type StoredBaseline,
  upsertDefaultBaseline,
} from './repository.ts';

export { isPredefined, publicBaselineId } from './baseline-ids.ts';

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region'>;

/** Predefined baselines have been what they are since the beginning. */
const predefinedDate = new Date('2014-11-06T00:00:00Z');

/** An own or predefined baseline by its id or ARN. */
export async function getPatchBaseline(baselineId: string, context: Context): Promise<StoredBaseline> {
  const bareId = bareBaselineId(baselineId, context);
  const predefined = findPredefined(bareId);
  if (predefined) {
    return { baseline: predefined, revision: 1, createdDate: predefinedDate, modifiedDate: predefinedDate };
  }
  const stored = await findPatchBaseline(context.db, context, bareId);
  if (!stored) throw baselineNotFound(baselineId);
  return stored;
}

/** The same for somebody who is about to rely on the baseline: it cannot be deleted until the transaction ends. */
export async function getPatchBaselineForUse(baselineId: string, context: Context): Promise<StoredBaseline> {
  const bareId = bareBaselineId(baselineId, context);
  if (!isPredefined(bareId) && !(await lockPatchBaseline(context.db, context, bareId))) {
    throw baselineNotFound(baselineId);
  }
  return await getPatchBaseline(bareId, context);
}

function requireValid(baseline: PatchBaseline): void {
  const [problem] = checkBaseline(baseline);
  if (problem) throw new PatchBaselineError('BASELINE_INVALID', problem.message);
}

/** Checks what the wire's constraints cannot and stores the first revision. */
export async function createPatchBaseline(
  wanted: Omit<PatchBaseline, 'baselineId'>,
  context: OperationContext,
): Promise<string> {
  // `pb-` and 17 hexadecimal digits, as AWS's own ids look.
  const baselineId = `pb-${context.dependencies.randomBytes(9).toString('hex').slice(0, 17)}`;
  const baseline = { ...wanted, baselineId };
  requireValid(baseline);
  const quota = context.dependencies.quotas['patch-baselines'];
  if (await hasReachedQuota(context.db, context, quota)) {
    throw new PatchBaselineError('BASELINE_LIMIT', `An account can have at most ${quota} patch baselines in a region.`);
  }
  await insertPatchBaseline(context.db, context, baseline, context.now);
  return baselineId;
}

/** Stores a changed own baseline as its next revision. */
export async function updatePatchBaseline(
  baselineId: string,
  change: BaselineChange,
  replace: boolean,
  context: OperationContext,
): Promise<StoredBaseline> {
  const current = await getPatchBaselineForUse(baselineId, context);
  if (isPredefined(current.baseline.baselineId)) {
    throw new PatchBaselineError(
      'BASELINE_INVALID',
      'A predefined patch baseline cannot be changed: create one of your own.',
    );
  }
  if (replace && change.name === undefined) {
    throw new PatchBaselineError(
      'BASELINE_INVALID',
      'Name is required when Replace is true, as CreatePatchBaseline requires it.',
    );
  }
  const baseline = updateBaseline(current.baseline, change, replace);
  requireValid(baseline);
  const revision = current.revision + 1;
  await insertRevision(context.db, context, baseline, revision, context.now);
  return { baseline, revision, createdDate: current.createdDate, modifiedDate: context.now };
}

/** Deletes an own baseline that nothing uses. An unknown id is no error: it is gone, which is what was wanted. */
export async function deletePatchBaseline(baselineId: string, context: OperationContext): Promise<void> {
  const bareId = bareBaselineId(baselineId, context);
  if (isPredefined(bareId)) {
    throw new PatchBaselineError('BASELINE_IN_USE', 'A predefined patch baseline cannot be deleted.');
  }
  if (!(await lockPatchBaseline(context.db, context, bareId))) return;
  const defaults = await listDefaultBaselines(context.db, context);
  if (Object.values(defaults).includes(bareId)) {
    throw new PatchBaselineError(
      'BASELINE_IN_USE',
      `${bareId} is the default of its operating system. Register another default first.`,
    );
  }
  const groups = await listGroupsOfBaseline(context.db, context, bareId);
  if (groups.length > 0) {
    throw new PatchBaselineError(
      'BASELINE_IN_USE',
      `${bareId} is registered for the patch group ${groups[0]}. Deregister it first.`,
    );
  }
  await markPatchBaselineDeleted(context.db, context, bareId, context.now);
  await removeTags(context.db, context, { resourceType: 'PatchBaseline', resourceId: bareId }, 'all');
}

/** The default of an operating system: the registered one, or the predefined one. */
export async function getDefaultBaselineId(operatingSystem: OperatingSystem, context: Context): Promise<string> {
  const defaults = await listDefaultBaselines(context.db, context);
  return defaults[operatingSystem] ?? predefinedBaselineFor(operatingSystem).baselineId;
}

/** Makes a baseline the default of its operating system. */
export async function registerDefaultBaseline(baselineId: string, context: OperationContext): Promise<StoredBaseline> {
  const stored = await getPatchBaselineForUse(baselineId, context);
  const { operatingSystem, baselineId: bareId } = stored.baseline;
  await upsertDefaultBaseline(context.db, context, operatingSystem, bareId);
  return stored;
}

function matchesFilter(baseline: PatchBaseline, { key, values }: BaselineFilter): boolean {
  switch (key) {
    case 'NAME_PREFIX':
      return values.some((value) => baseline.name.startsWith(value));
    case 'OPERATING_SYSTEM':
      return values.includes(baseline.operatingSystem);
    case 'OWNER':
      return values.includes('AWS');
  }
}

/**
 * One page of all baselines that an account sees: predefined ones in the order of their ids, then own ones. `after` is
 * the bare id of the last one shown.
 */
export async function pageBaselines(
  filters: readonly BaselineFilter[],
  after: string,
  limit: number,
  context: Context,
): Promise<BaselineSummary[]> {
  const isAmongOwn = after !== '' && !isPredefined(after);
  const predefined = isAmongOwn
    ? []
    : predefinedBaselines
        .filter((baseline) => baseline.baselineId > after && filters.every((filter) => matchesFilter(baseline, filter)))
        .slice(0, limit);
  const wantsOwn = filters.every(({ key, values }) => key !== 'OWNER' || values.includes('Self'));
  if (!wantsOwn || predefined.length >= limit) return predefined;
  const valuesOf = (wanted: BaselineFilter['key']) =>
    filters.filter(({ key }) => key === wanted).map(({ values }) => values);
  const own = await listPatchBaselines(context.db, context, {
    namePrefixes: valuesOf('NAME_PREFIX'),
    operatingSystems: valuesOf('OPERATING_SYSTEM'),
    afterBaselineId: isAmongOwn ? after : '',
    limit: limit - predefined.length,
  });
  return [...predefined, ...own];
}

/** The baselines with these bare ids, own and predefined, by their ids. */
export async function summarizeBaselines(
  baselineIds: readonly string[],
  context: Context,
): Promise<Map<string, BaselineSummary>> {
  const own = await listPatchBaselines(context.db, context, {
    baselineIds: baselineIds.filter((baselineId) => !isPredefined(baselineId)),
    namePrefixes: [],
    operatingSystems: [],
    afterBaselineId: '',
    limit: baselineIds.length,
  });
  const found = [...baselineIds.flatMap((baselineId) => findPredefined(baselineId) ?? []), ...own];
  return new Map(found.map((baseline) => [baseline.baselineId, baseline]));
}
