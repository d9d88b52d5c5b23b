import { AppError } from '@patchbay/facts';

/** An override that cannot be used; the message says what is wrong with its content. */
export class OverrideError extends AppError<'OVERRIDE_CONTENT'> {}
