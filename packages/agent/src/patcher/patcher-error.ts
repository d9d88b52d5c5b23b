import { AppError } from '@patchbay/facts';

/** Why the patcher cannot go on. What it finds out about a machine is a value, also when it is bad. */
export class PatcherError extends AppError<
  | 'COMMAND_LOST'
  | 'NOT_AUTHORIZED'
  | 'NOT_ROOT'
  | 'PLAN_CHANGED'
  | 'LOCKED'
  | 'DISK_FULL'
  | 'INVALID_REQUEST'
  | 'UNREADABLE_STATE'
  | 'OTHER_RUN_ACTIVE'
> {}

/** The message of anything that was thrown. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
