import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../../operations/operation.ts';
import { activationErrors } from '../activations/errors.ts';

export class InstanceError extends AppError<
  'INSTANCE_ID' | 'INSTANCE_FILTER_KEY' | 'INSTANCE_FILTER_VALUE' | 'PUBLIC_KEY' | 'FINGERPRINT' | 'NOT_QUARANTINED'
> {}

export const instanceErrors: ErrorTable = {
  ...activationErrors,
  INSTANCE_ID: 'InvalidInstanceId',
  INSTANCE_FILTER_KEY: 'InvalidFilterKey',
  INSTANCE_FILTER_VALUE: 'InvalidInstanceInformationFilterValue',
  NOT_QUARANTINED: 'ValidationException',
  PUBLIC_KEY: 'ValidationException',
  FINGERPRINT: 'MachineFingerprintDoesNotMatch',
};
