import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../../operations/operation.ts';
import { tagErrors } from '../tags/errors.ts';

export class ActivationError extends AppError<
  'ACTIVATION_PARAMETERS' | 'ACTIVATION_ID' | 'ACTIVATION_REFUSED' | 'ACTIVATION_FILTER'
> {}

export const activationErrors: ErrorTable = {
  ...tagErrors,
  ACTIVATION_PARAMETERS: 'InvalidParameters',
  ACTIVATION_ID: 'InvalidActivationId',
  ACTIVATION_REFUSED: 'InvalidActivation',
  ACTIVATION_FILTER: 'InvalidFilter',
};
