import { AppError } from '@patchbay/facts';
import type { ErrorTable } from './operation.ts';

/** Errors that any operation may raise. */
export class OperationError extends AppError<'INVALID_NEXT_TOKEN' | 'VALIDATION' | 'IDEMPOTENT_PARAMETER_MISMATCH'> {}

export const operationErrors: ErrorTable = {
  INVALID_NEXT_TOKEN: 'InvalidNextToken',
  VALIDATION: 'ValidationException',
  IDEMPOTENT_PARAMETER_MISMATCH: 'IdempotentParameterMismatch',
};
