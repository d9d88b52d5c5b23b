import { AppError } from '@patchbay/facts';

/** A use of jobs that is wrong whatever the data: a mistake of the program. */
export class JobsError extends AppError<'DUPLICATE_JOB' | 'UNKNOWN_JOB' | 'INVALID_PAYLOAD'> {}
