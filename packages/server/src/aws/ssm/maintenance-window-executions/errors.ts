import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../../operations/operation.ts';

export class WindowExecutionError extends AppError<'WINDOW_EXECUTION_NOT_FOUND'> {}

export const windowExecutionErrors: ErrorTable = {
  WINDOW_EXECUTION_NOT_FOUND: 'DoesNotExistException',
};
