import type { ErrorTable } from '../../operations/operation.ts';

/** Images are found by Image Builder's own code; its errors have other names in Patchbay's operations. */
export const imageFreshnessErrors: ErrorTable = {
  IMAGE_RESOURCE_NOT_FOUND: 'DoesNotExistException',
  IMAGE_ARN: 'ValidationException',
};
