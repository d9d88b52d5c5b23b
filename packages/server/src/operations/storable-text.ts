import { validationError } from '@patchbay/aws-wire';
import { isStorableTime } from './storable-time.ts';

/**
 * PostgreSQL stores neither the NUL character nor half of a surrogate pair, in text as in jsonb (manual, 8.3 and 8.14);
 * JSON can carry both.
 */
function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** The same text with the replacement character for what no database stores: for output that is shown, never decided on. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

function findUnstorable(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return isStorable(value) ? undefined : path;
  if (value instanceof Date) return isStorableTime(value) ? undefined : path;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const memberPath = path === '' ? key : `${path}.${key}`;
    const found = isStorable(key) ? findUnstorable(member, memberPath) : path;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Refuses an input that holds such a text, or such a time, anywhere. */
export function refuseUnstorable(input: unknown): void {
  const path = findUnstorable(input, '');
  if (path === undefined) return;
  throw validationError(
    `1 validation error detected: Value at '${path}' failed to satisfy constraint: Member must not contain the NUL character, an unpaired surrogate or a time before 4713 BC`,
  );
}
