import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../../operations/operation.ts';
import { documentErrors } from '../documents/errors.ts';
import { windowTargetErrors } from '../maintenance-window-targets/errors.ts';

export class WindowTaskError extends AppError<
  'WINDOW_TASK_NOT_FOUND' | 'WINDOW_TASK_INVALID' | 'WINDOW_TASK_LIMIT' | 'WINDOW_TASK_TYPE'
> {}

export const windowTaskErrors: ErrorTable = {
  ...documentErrors,
  ...windowTargetErrors,
  WINDOW_TASK_NOT_FOUND: 'DoesNotExistException',
  WINDOW_TASK_INVALID: 'ValidationException',
  WINDOW_TASK_LIMIT: 'ResourceLimitExceededException',
  // "You attempted to register a LAMBDA or STEP_FUNCTIONS task in a Region where the corresponding service isn't available."
  WINDOW_TASK_TYPE: 'FeatureNotAvailableException',
  // The model of these operations knows no InvalidDocument.
  DOCUMENT_NOT_FOUND: 'DoesNotExistException',
  DOCUMENT_VERSION: 'DoesNotExistException',
};
