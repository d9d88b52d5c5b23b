import { AppError } from '@patchbay/facts';

/** Why a key or a sealed text cannot be used. */
export class SecretsError extends AppError<'KEY_FILE_TOO_LOOSE' | 'KEY_FILE_DAMAGED' | 'NOT_SEALED_BY_THIS_KEY'> {}
