import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../../operations/operation.ts';
import { tagErrors } from '../tags/errors.ts';

export class DocumentError extends AppError<
  | 'DOCUMENT_NOT_FOUND'
  | 'DOCUMENT_VERSION'
  | 'DOCUMENT_FILTER'
  | 'DOCUMENT_EXISTS'
  | 'DOCUMENT_NAME'
  | 'DOCUMENT_CONTENT'
  | 'DOCUMENT_SCHEMA_VERSION'
  | 'DOCUMENT_SIZE'
  | 'DOCUMENT_LIMIT'
  | 'DOCUMENT_VERSION_LIMIT'
  | 'DOCUMENT_DUPLICATE_CONTENT'
  | 'DOCUMENT_DUPLICATE_VERSION_NAME'
  | 'DOCUMENT_OPERATION'
  | 'DOCUMENT_UNSUPPORTED'
> {}

export const documentErrors: ErrorTable = {
  ...tagErrors,
  DOCUMENT_NOT_FOUND: 'InvalidDocument',
  DOCUMENT_VERSION: 'InvalidDocumentVersion',
  DOCUMENT_FILTER: 'InvalidFilterKey',
  DOCUMENT_EXISTS: 'DocumentAlreadyExists',
  DOCUMENT_NAME: 'ValidationException',
  DOCUMENT_CONTENT: 'InvalidDocumentContent',
  DOCUMENT_SCHEMA_VERSION: 'InvalidDocumentSchemaVersion',
  DOCUMENT_SIZE: 'MaxDocumentSizeExceeded',
  DOCUMENT_LIMIT: 'DocumentLimitExceeded',
  DOCUMENT_VERSION_LIMIT: 'DocumentVersionLimitExceeded',
  DOCUMENT_DUPLICATE_CONTENT: 'DuplicateDocumentContent',
  DOCUMENT_DUPLICATE_VERSION_NAME: 'DuplicateDocumentVersionName',
  DOCUMENT_OPERATION: 'InvalidDocumentOperation',
  DOCUMENT_UNSUPPORTED: 'ValidationException',
};
