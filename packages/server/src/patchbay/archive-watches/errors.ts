import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../operations/operation.ts';

export class ArchiveWatchError extends AppError<
  'WATCH_NOT_FOUND' | 'WATCH_EXISTS' | 'WATCH_LIMIT' | 'WATCH_URI' | 'WATCH_KEYRING' | 'WATCH_PRODUCT'
> {}

export const archiveWatchErrors: ErrorTable = {
  WATCH_NOT_FOUND: 'DoesNotExistException',
  WATCH_EXISTS: 'AlreadyExistsException',
  WATCH_LIMIT: 'ResourceLimitExceededException',
  WATCH_URI: 'ValidationException',
  WATCH_KEYRING: 'ValidationException',
  WATCH_PRODUCT: 'ValidationException',
};
