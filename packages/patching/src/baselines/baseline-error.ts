import { AppError } from '@patchbay/facts';

/** A baseline that cannot be evaluated as it stands. */
export class BaselineError extends AppError<'UNSUPPORTED_FILTER_KEY'> {}
