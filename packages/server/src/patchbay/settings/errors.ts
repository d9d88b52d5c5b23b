import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../operations/operation.ts';

export class SettingsError extends AppError<'SETTINGS_CHANGED' | 'SETTINGS_INVALID'> {}

export const settingsErrors: ErrorTable = {
  SETTINGS_CHANGED: 'ConflictException',
  SETTINGS_INVALID: 'ValidationException',
};
