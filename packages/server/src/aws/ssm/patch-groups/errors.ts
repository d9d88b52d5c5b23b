import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../../operations/operation.ts';
import { patchBaselineErrors } from '../patch-baselines/errors.ts';

export class PatchGroupError extends AppError<'GROUP_TAKEN' | 'GROUP_LIMIT'> {}

export const patchGroupErrors: ErrorTable = {
  ...patchBaselineErrors,
  GROUP_TAKEN: 'AlreadyExistsException',
  GROUP_LIMIT: 'ResourceLimitExceededException',
};
