import { AppError } from '@patchbay/facts';

/** Why a root cannot be patched without a server. What patching finds out is a value, also when it is bad. */
export class LocalControlPlaneError extends AppError<
  'NO_FACTS' | 'UNKNOWN_OPERATION' | 'WRONG_DIGEST' | 'ALREADY_RUNNING' | 'CANCELLED'
> {}
