import { AppError } from '@patchbay/facts';

/** Why an image cannot be read, made or sent. The message says what was wrong and what to do. */
export class ImageError extends AppError<
  | 'INVALID_REFERENCE'
  | 'NOT_AN_IMAGE'
  | 'IMAGE_NOT_FOUND'
  | 'PLATFORM_NOT_FOUND'
  | 'UNSUPPORTED_MANIFEST'
  | 'UNSUPPORTED_IMAGE'
  | 'MISSING_TOOL'
  | 'TOOL_FAILED'
  | 'UNAUTHORIZED'
  | 'REGISTRY_UNREACHABLE'
  | 'REGISTRY_REFUSED'
  | 'CREDENTIALS_UNREADABLE'
  | 'PUSH_NOT_VERIFIED'
  | 'STORE_DAMAGED'
  | 'NOT_ROOT'
  | 'CANCELLED'
> {}
