import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../../operations/operation.ts';

export class PatchStateError extends AppError<'PATCH_STATE_FILTER' | 'PATCH_STATE_INSTANCE'> {}

export const patchStateErrors: ErrorTable = {
  PATCH_STATE_FILTER: 'InvalidFilter',
  PATCH_STATE_INSTANCE: 'InvalidInstanceId',
};
