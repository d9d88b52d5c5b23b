import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../../operations/operation.ts';
import { maintenanceWindowErrors } from '../maintenance-windows/errors.ts';

export class WindowTargetError extends AppError<
  'WINDOW_TARGET_NOT_FOUND' | 'WINDOW_TARGET_IN_USE' | 'WINDOW_TARGET_LIMIT'
> {}

export const windowTargetErrors: ErrorTable = {
  ...maintenanceWindowErrors,
  WINDOW_TARGET_NOT_FOUND: 'DoesNotExistException',
  WINDOW_TARGET_IN_USE: 'TargetInUseException',
  WINDOW_TARGET_LIMIT: 'ResourceLimitExceededException',
};
