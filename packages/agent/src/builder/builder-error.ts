import { AppError } from '@patchbay/facts';

/** Why an image cannot be built. The message says what to do about it. */
export class BuilderError extends AppError<
  | 'MISSING_TOOL'
  | 'NOT_PERMITTED'
  | 'UNKNOWN_BASE_IMAGE'
  | 'BASE_IMAGE'
  | 'PARENT_IMAGE'
  | 'ORDER_REFUSED'
  | 'STEP_FAILED'
  | 'CANCELLED'
  | 'LEASE_LOST'
  | 'TIMED_OUT'
> {}
