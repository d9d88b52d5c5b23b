import { AppError } from '@patchbay/facts';
import type { WindowProblem } from '@patchbay/patching';
import type { ErrorTable } from '../../../operations/operation.ts';
import { tagErrors } from '../tags/errors.ts';

export class MaintenanceWindowError extends AppError<'WINDOW_NOT_FOUND' | 'WINDOW_INVALID' | 'WINDOW_LIMIT'> {}

export const maintenanceWindowErrors: ErrorTable = {
  ...tagErrors,
  WINDOW_NOT_FOUND: 'DoesNotExistException',
  WINDOW_INVALID: 'ValidationException',
  WINDOW_LIMIT: 'ResourceLimitExceededException',
  INVALID_EXPRESSION: 'ValidationException',
  INVALID_TIMEZONE: 'ValidationException',
  INVALID_OFFSET: 'ValidationException',
  INVALID_DATE: 'ValidationException',
};

/** Refuses what has problems, with all of them. */
export function refuseProblems(problems: readonly WindowProblem[]): void {
  if (problems.length === 0) return;
  throw new MaintenanceWindowError('WINDOW_INVALID', problems.map(({ message }) => message).join(' '));
}
