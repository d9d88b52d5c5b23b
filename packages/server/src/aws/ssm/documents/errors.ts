import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../../operations/operation.ts';

export class DocumentError extends AppError<'DOCUMENT_NOT_FOUND' | 'DOCUMENT_VERSION' | 'DOCUMENT_FILTER'> {}

export const documentErrors: ErrorTable = {
  DOCUMENT_NOT_FOUND: 'InvalidDocument',
  DOCUMENT_VERSION: 'InvalidDocumentVersion',
  DOCUMENT_FILTER: 'InvalidFilterKey',
};
