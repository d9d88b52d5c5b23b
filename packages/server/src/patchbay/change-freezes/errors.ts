import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../operations/operation.ts';

export class FreezeError extends AppError<
  'FREEZE_NOT_FOUND' | 'FREEZE_EXISTS' | 'FREEZE_LIMIT' | 'FREEZE_WINDOW' | 'CHANGES_FROZEN' | 'STARTS_STOPPED'
> {}

/** What sending a command may meet. */
export const holdErrors: ErrorTable = {
  CHANGES_FROZEN: 'ValidationException',
  STARTS_STOPPED: 'ValidationException',
};

export const freezeErrors: ErrorTable = {
  ...holdErrors,
  FREEZE_NOT_FOUND: 'DoesNotExistException',
  FREEZE_EXISTS: 'AlreadyExistsException',
  FREEZE_LIMIT: 'ResourceLimitExceededException',
  FREEZE_WINDOW: 'DoesNotExistException',
  FREEZE_TIME: 'ValidationException',
  INVALID_EXPRESSION: 'ValidationException',
  INVALID_TIMEZONE: 'ValidationException',
  INVALID_DATE: 'ValidationException',
};
