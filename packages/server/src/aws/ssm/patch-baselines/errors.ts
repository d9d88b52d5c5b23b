import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../../operations/operation.ts';
import { tagErrors } from '../tags/errors.ts';

export class PatchBaselineError extends AppError<
  'BASELINE_NOT_FOUND' | 'BASELINE_INVALID' | 'BASELINE_IN_USE' | 'BASELINE_ID' | 'BASELINE_LIMIT'
> {}

export const patchBaselineErrors: ErrorTable = {
  ...tagErrors,
  BASELINE_NOT_FOUND: 'DoesNotExistException',
  BASELINE_INVALID: 'ValidationException',
  BASELINE_IN_USE: 'ResourceInUseException',
  BASELINE_ID: 'InvalidResourceId',
  BASELINE_LIMIT: 'ResourceLimitExceededException',
};
