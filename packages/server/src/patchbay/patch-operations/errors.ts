import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../operations/operation.ts';
import { factsErrors } from '../facts/errors.ts';

export class PatchOperationError extends AppError<
  | 'PATCH_OPERATION_NOT_FOUND'
  | 'PATCH_OPERATION_ENDED'
  | 'PATCH_OPERATION_KIND'
  | 'PATCH_OPERATION_COMMAND'
  | 'PATCH_OPERATION_FACTS'
  | 'PATCH_OPERATION_PLAN'
  | 'PATCH_OPERATION_QUARANTINED'
> {}

export const patchOperationErrors: ErrorTable = {
  ...factsErrors,
  PATCH_OPERATION_NOT_FOUND: 'DoesNotExistException',
  PATCH_OPERATION_ENDED: 'ValidationException',
  PATCH_OPERATION_KIND: 'ValidationException',
  PATCH_OPERATION_COMMAND: 'ValidationException',
  PATCH_OPERATION_FACTS: 'ValidationException',
  PATCH_OPERATION_PLAN: 'ValidationException',
  PATCH_OPERATION_QUARANTINED: 'ValidationException',
  OVERRIDE_CONTENT: 'ValidationException',
  BASELINE_NOT_FOUND: 'DoesNotExistException',
  BASELINE_ID: 'InvalidResourceId',
};
