import type { PatchBaseline } from '@patchbay/facts';
import { PREDEFINED_BASELINE_OWNER, predefinedBaselineArn, predefinedBaselines } from '@patchbay/patching';
import type { Resource } from '../../../operations/authorize.ts';
import { ssmResource } from '../../../operations/resources.ts';
import type { Scope } from '../../../operations/scope.ts';
import { PatchBaselineError } from './errors.ts';

const bareId = /^pb-[0-9a-f]{17}$/;
const baselineArn = /^arn:aws:ssm:([a-z0-9-]+):(\d{12}):patchbaseline\/(pb-[0-9a-f]{17})$/;

const predefinedById = new Map(predefinedBaselines.map((baseline) => [baseline.baselineId, baseline]));

/** The predefined baseline with a bare id. */
export function findPredefined(baselineId: string): PatchBaseline | undefined {
  return predefinedById.get(baselineId);
}

/** True for a baseline that belongs to AWS's set and not to the account. */
export function isPredefined(baselineId: string): boolean {
  return predefinedById.has(baselineId);
}

/** The id as callers see it: a predefined baseline is addressed by its ARN, an own one by its bare id. */
export function publicBaselineId(scope: Scope, baselineId: string): string {
  return isPredefined(baselineId) ? predefinedBaselineArn(scope.region, baselineId) : baselineId;
}

/** What is meant by an id that no baseline can have. */
export function baselineNotFound(baselineId: string): PatchBaselineError {
  return new PatchBaselineError('BASELINE_NOT_FOUND', `Patch Baseline to be retrieved does not exist: ${baselineId}.`);
}

/** The bare id behind an id or an ARN. An ARN of another region or account names nothing here. */
export function bareBaselineId(text: string, scope: Scope): string {
  if (bareId.test(text)) return text;
  const [, region, owner, baselineId = ''] = baselineArn.exec(text) ?? [];
  if (baselineId === '') {
    throw new PatchBaselineError(
      'BASELINE_ID',
      `${text} is not the id of a patch baseline: expected pb- and 17 hexadecimal digits, or the ARN of a predefined one.`,
    );
  }
  const rightfulOwner = isPredefined(baselineId) ? PREDEFINED_BASELINE_OWNER : scope.accountId;
  if (region !== scope.region || owner !== rightfulOwner) throw baselineNotFound(text);
  return baselineId;
}

/** A baseline as what a call acts on, whichever way it is addressed. */
export function baselineResource(input: { readonly baselineId?: string | undefined }, scope: Scope): Resource {
  const { baselineId = '' } = input;
  if (baselineId.startsWith('arn:')) return { arn: baselineId, tags: {} };
  if (isPredefined(baselineId)) return { arn: predefinedBaselineArn(scope.region, baselineId), tags: {} };
  return ssmResource(scope, `patchbaseline/${baselineId}`);
}
