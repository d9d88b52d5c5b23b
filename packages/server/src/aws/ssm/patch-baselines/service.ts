import type { OperatingSystem, PatchBaseline } from '@patchbay/facts';
import { checkBaseline, predefinedBaselineArn, predefinedBaselineFor, predefinedBaselines } from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import type { Scope } from '../../../operations/scope.ts';
import { listGroupsOfBaseline } from '../patch-groups/repository.ts';
import { PatchBaselineError } from './errors.ts';
import {
  findPatchBaseline,
  insertPatchBaseline,
  listDefaultBaselines,
  listPatchBaselines,
  lockPatchBaseline,
  markPatchBaselineDeleted,
  type StoredBaseline,
} from './repository.ts';

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region'>;

/** Systems Manager quotas, "Patch baselines": 50 per account and Region. */
const mostBaselines = 50;
/** Predefined baselines have been what they are since the beginning. */
const predefinedDate = new Date('2014-11-06T00:00:00Z');

/** The predefined baseline that an id or an ARN names. */
function findPredefined(baselineId: string): PatchBaseline | undefined {
  const bareId = baselineId.startsWith('arn:') ? baselineId.slice(baselineId.lastIndexOf('/') + 1) : baselineId;
  return predefinedBaselines.find((baseline) => baseline.baselineId === bareId);
}

/** The id as callers see it: a predefined baseline is addressed by its ARN, an own one by its bare id. */
export function publicBaselineId(scope: Scope, baselineId: string): string {
  const predefined = findPredefined(baselineId);
  return predefined ? predefinedBaselineArn(scope.region, predefined.baselineId) : baselineId;
}

/** An own or predefined baseline by its id or ARN. */
export async function getPatchBaseline(baselineId: string, context: Context): Promise<StoredBaseline> {
  const predefined = findPredefined(baselineId);
  if (predefined) {
    return { baseline: predefined, revision: 1, createdDate: predefinedDate, modifiedDate: predefinedDate };
  }
  const stored = await findPatchBaseline(context.db, context, baselineId);
  if (!stored) throw notFound(baselineId);
  return stored;
}

function notFound(baselineId: string): PatchBaselineError {
  return new PatchBaselineError('BASELINE_NOT_FOUND', `Patch Baseline to be retrieved does not exist: ${baselineId}.`);
}

/** The same for somebody who is about to rely on the baseline: it cannot be deleted until the transaction ends. */
export async function getPatchBaselineForUse(baselineId: string, context: Context): Promise<StoredBaseline> {
  if (!findPredefined(baselineId) && !(await lockPatchBaseline(context.db, context, baselineId))) {
    throw notFound(baselineId);
  }
  return await getPatchBaseline(baselineId, context);
}

/** Checks what the wire's constraints cannot and stores the first revision. */
export async function createPatchBaseline(
  wanted: Omit<PatchBaseline, 'baselineId'>,
  context: OperationContext,
): Promise<string> {
  // `pb-` and 17 hexadecimal digits, as AWS's own ids look.
  const baselineId = `pb-${context.dependencies.randomBytes(9).toString('hex').slice(0, 17)}`;
  const baseline = { ...wanted, baselineId };
  const [problem] = checkBaseline(baseline);
  if (problem) throw new PatchBaselineError('BASELINE_INVALID', problem.message);
  if ((await listPatchBaselines(context.db, context)).length >= mostBaselines) {
    throw new PatchBaselineError('BASELINE_LIMIT', `An account can have at most ${mostBaselines} patch baselines.`);
  }
  await insertPatchBaseline(context.db, context, baseline, context.now);
  return baselineId;
}

/** Deletes an own baseline that nothing uses. An unknown id is no error: it is gone, which is what was wanted. */
export async function deletePatchBaseline(baselineId: string, context: OperationContext): Promise<void> {
  if (findPredefined(baselineId)) {
    throw new PatchBaselineError('BASELINE_IN_USE', 'A predefined patch baseline cannot be deleted.');
  }
  await lockPatchBaseline(context.db, context, baselineId);
  const defaults = await listDefaultBaselines(context.db, context);
  if (Object.values(defaults).includes(baselineId)) {
    throw new PatchBaselineError('BASELINE_IN_USE', `${baselineId} is the default of its operating system.`);
  }
  const groups = await listGroupsOfBaseline(context.db, context, baselineId);
  if (groups.length > 0) {
    throw new PatchBaselineError(
      'BASELINE_IN_USE',
      `${baselineId} is registered for the patch group ${groups[0]}. Deregister it first.`,
    );
  }
  await markPatchBaselineDeleted(context.db, context, baselineId, context.now);
}

/** The default of an operating system: the registered one, or the predefined one. */
export async function getDefaultBaselineId(operatingSystem: OperatingSystem, context: Context): Promise<string> {
  const defaults = await listDefaultBaselines(context.db, context);
  return defaults[operatingSystem] ?? predefinedBaselineFor(operatingSystem).baselineId;
}

/** Every baseline that an account sees, predefined ones first. */
export async function listEveryBaseline(context: Context): Promise<PatchBaseline[]> {
  const own = await listPatchBaselines(context.db, context);
  return [...predefinedBaselines, ...own.map((stored) => stored.baseline)];
}

/** True for a baseline that belongs to AWS's set and not to the account. */
export function isPredefined(baselineId: string): boolean {
  return findPredefined(baselineId) !== undefined;
}
