import { AppError } from '@patchbay/facts';

/** Why a data directory cannot be used; the message says what to do about it. */
export class DataDirectoryError extends AppError<'NOT_A_DIRECTORY' | 'FOREIGN_OWNER' | 'TOO_LOOSE' | 'IN_USE'> {}
