import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../operations/operation.ts';

export class IdentityError extends AppError<
  'USER_EXISTS' | 'USER_NOT_FOUND' | 'BINDING_NOT_FOUND' | 'KEY_NOT_FOUND' | 'KEY_REVOKED' | 'LAST_ADMINISTRATOR'
> {}

/** IAM's names for them. */
export const identityErrors: ErrorTable = {
  USER_EXISTS: 'EntityAlreadyExistsException',
  USER_NOT_FOUND: 'NoSuchEntityException',
  BINDING_NOT_FOUND: 'NoSuchEntityException',
  KEY_NOT_FOUND: 'NoSuchEntityException',
  KEY_REVOKED: 'InvalidInputException',
  LAST_ADMINISTRATOR: 'DeleteConflictException',
};
