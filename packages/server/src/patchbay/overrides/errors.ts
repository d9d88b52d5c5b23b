import { AppError } from '@patchbay/facts';

/** Why an override could not be got. */
export class OverrideSourceError extends AppError<'OVERRIDE_ADDRESS' | 'OVERRIDE_UNREADABLE'> {}
