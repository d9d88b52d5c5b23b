import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../../operations/operation.ts';

export class TagError extends AppError<'TAG_RESOURCE_ID' | 'TAG_RESOURCE_TYPE' | 'TOO_MANY_TAGS' | 'TAG_KEY'> {}

export const tagErrors: ErrorTable = {
  TAG_RESOURCE_ID: 'InvalidResourceId',
  TAG_RESOURCE_TYPE: 'InvalidResourceType',
  TOO_MANY_TAGS: 'TooManyTagsError',
  TAG_KEY: 'ValidationException',
};
