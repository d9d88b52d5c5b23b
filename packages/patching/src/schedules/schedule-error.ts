import { AppError } from '@patchbay/facts';

/** A schedule that cannot be read; the message names the part, its value, what is allowed, and an example. */
export class ScheduleError extends AppError<
  'INVALID_EXPRESSION' | 'INVALID_TIMEZONE' | 'INVALID_OFFSET' | 'INVALID_DATE'
> {}

/** A caller's text as messages quote it: whatever its length, the message stays readable. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
