import { AppError } from '@patchbay/facts';
import { commandErrors } from '../../aws/ssm/commands/errors.ts';
import type { ErrorTable } from '../../operations/operation.ts';

export class PatchPlanError extends AppError<
  'PATCH_PLAN_NOT_FOUND' | 'PATCH_PLAN_TARGETS' | 'PATCH_PLAN_EXPIRED' | 'PATCH_PLAN_NOTHING'
> {}

export const patchPlanErrors: ErrorTable = {
  ...commandErrors,
  PATCH_PLAN_NOT_FOUND: 'DoesNotExistException',
  PATCH_PLAN_TARGETS: 'ValidationException',
  PATCH_PLAN_EXPIRED: 'ValidationException',
  PATCH_PLAN_NOTHING: 'ValidationException',
};
