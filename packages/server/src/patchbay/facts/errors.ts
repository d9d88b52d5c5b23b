import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../operations/operation.ts';

export class FactsError extends AppError<
  'FACTS_DIGEST' | 'FACTS_NOT_FOUND' | 'CHANGELOG_INVALID' | 'CHANGELOG_UNASKED'
> {}

export const factsErrors: ErrorTable = {
  FACTS_DIGEST: 'ValidationException',
  FACTS_NOT_FOUND: 'DoesNotExistException',
  CHANGELOG_INVALID: 'ValidationException',
  CHANGELOG_UNASKED: 'ValidationException',
};
