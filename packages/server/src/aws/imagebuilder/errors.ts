import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../operations/operation.ts';

/** What any resource of Image Builder may be refused for: its operations share one set of errors. */
export class ImageBuilderError extends AppError<
  | 'IMAGE_RESOURCE_NOT_FOUND'
  | 'IMAGE_RESOURCE_EXISTS'
  | 'IMAGE_RESOURCE_LIMIT'
  | 'IMAGE_PARAMETER_VALUE'
  | 'IMAGE_PARAMETER_COMBINATION'
  | 'IMAGE_RESOURCE_DEPENDENCY'
  | 'IMAGE_REQUEST'
  | 'IMAGE_DRY_RUN'
> {}

/** Image Builder's names for them, and for the errors that any operation may raise. */
export const imageBuilderErrors: ErrorTable = {
  IMAGE_RESOURCE_NOT_FOUND: 'ResourceNotFoundException',
  IMAGE_RESOURCE_EXISTS: 'ResourceAlreadyExistsException',
  IMAGE_RESOURCE_LIMIT: 'ServiceQuotaExceededException',
  IMAGE_PARAMETER_VALUE: 'InvalidParameterValueException',
  IMAGE_PARAMETER_COMBINATION: 'InvalidParameterCombinationException',
  IMAGE_RESOURCE_DEPENDENCY: 'ResourceDependencyException',
  IMAGE_REQUEST: 'InvalidRequestException',
  IMAGE_DRY_RUN: 'DryRunOperationException',
  // Of the readers of versions and ARNs, which know nothing of AWS's errors.
  INVALID_VERSION: 'InvalidVersionNumberException',
  INVALID_WILDCARD: 'InvalidVersionNumberException',
  NO_VERSION_LEFT: 'InvalidVersionNumberException',
  INVALID_ARN: 'InvalidParameterValueException',
  INVALID_NAME: 'InvalidParameterValueException',
  TOO_MANY_TAGS: 'InvalidParameterException',
  TAG_KEY: 'InvalidParameterException',
  INVALID_NEXT_TOKEN: 'InvalidPaginationTokenException',
  IDEMPOTENT_PARAMETER_MISMATCH: 'IdempotentParameterMismatchException',
};

/** `arn` as the caller wrote it. */
export function resourceNotFound(arn: string): ImageBuilderError {
  return new ImageBuilderError('IMAGE_RESOURCE_NOT_FOUND', `The resource ${arn} does not exist.`);
}

/** In the words of https://github.com/hashicorp/terraform-provider-aws/issues/17390; `parameter` as `distributions[0]`. */
export function invalidValue(parameter: string, reason: string): ImageBuilderError {
  return new ImageBuilderError(
    'IMAGE_PARAMETER_VALUE',
    `The value supplied for parameter '${parameter}' is not valid. ${reason}`,
  );
}

export function resourceExists(arn: string): ImageBuilderError {
  return new ImageBuilderError('IMAGE_RESOURCE_EXISTS', `The resource ${arn} already exists.`);
}

/** What AWS offers and Patchbay has nothing for. */
export function notOffered(parameter: string, reason: string): ImageBuilderError {
  return invalidValue(parameter, `Patchbay does not offer it: ${reason}`);
}
