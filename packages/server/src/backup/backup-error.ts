import { AppError } from '@patchbay/facts';

/** Why a backup cannot be made or restored; the message says what to do. */
export class BackupError extends AppError<
  | 'NO_INSTALLATION'
  | 'NO_PASSPHRASE'
  | 'OUTPUT_EXISTS'
  | 'TOOL_FAILED'
  | 'NOT_A_BACKUP'
  | 'BACKUP_DAMAGED'
  | 'WRONG_PASSPHRASE'
  | 'BACKUP_NEWER'
  | 'TARGET_NOT_EMPTY'
> {}
