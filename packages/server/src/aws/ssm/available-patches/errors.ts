import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../../operations/operation.ts';

export class AvailablePatchError extends AppError<'PATCH_FILTER_INVALID' | 'OPERATING_SYSTEM_NOT_WATCHED'> {}

export const availablePatchErrors: ErrorTable = {
  PATCH_FILTER_INVALID: 'ValidationException',
  OPERATING_SYSTEM_NOT_WATCHED: 'UnsupportedOperatingSystem',
  BASELINE_NOT_FOUND: 'DoesNotExistException',
  BASELINE_ID: 'InvalidResourceId',
};
