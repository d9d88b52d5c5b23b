import { AppError } from '@patchbay/facts';

/** Why no bill of materials can be written. */
export class BillError extends AppError<'INVALID_DIGEST'> {}
