import { AppError } from '@patchbay/facts';

export class NetworkError extends AppError<
  'INVALID_HOST' | 'INVALID_PROXY' | 'NAMESPACE_NOT_PERMITTED' | 'NO_SOURCES'
> {}
