import { redactCredentials } from '@patchbay/facts';

/** One thing that happened, as a sentence for the person who runs the node. */
export interface LogEvent {
  readonly level: 'info' | 'warning' | 'error';
  readonly message: string;
}

export type Log = (event: LogEvent) => void;

/** A plain line: time (ISO 8601), level where it is not `info`, sentence. Line breaks inside become spaces, credentials stars. */
export function formatLogLine(event: LogEvent, now: Date): string {
  const level = event.level === 'info' ? '' : `${event.level}: `;
  return `${now.toISOString()} ${level}${redactCredentials(event.message.replaceAll(/\s*\n\s*/g, ' '))}`;
}

/** What an error says, for a log line. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
