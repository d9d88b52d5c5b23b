import { redactCredentials } from '@patchbay/facts';

/**
 * What a build printed, as the control plane can keep it: without the credentials of addresses, and with the replacement
 * character for what no database stores (NUL, half of a surrogate pair). A report with either would be refused whole.
 */
export function reportableText(text: string): string {
  return redactCredentials(text).toWellFormed().replaceAll('\0', '\ufffd');
}

/** The same, of so many characters at most, counted from the beginning. */
export function firstCharacters(text: string, most: number): string {
  return reportableText(text).slice(0, most).toWellFormed();
}

/** The same, counted from the end. */
export function lastCharacters(text: string, most: number): string {
  return reportableText(text).slice(-most).toWellFormed();
}
