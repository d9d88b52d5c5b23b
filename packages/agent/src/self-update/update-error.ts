import { AppError } from '@patchbay/facts';

/** Why another version of the agent was not installed. The message says what to do about it. */
export class UpdateError extends AppError<
  'NO_RELEASE_KEY' | 'NOT_SIGNED' | 'NOT_SERVED' | 'DOWNGRADE' | 'DAMAGED_DOWNLOAD' | 'NO_WAY_BACK' | 'NOT_A_PACKAGE'
> {}
