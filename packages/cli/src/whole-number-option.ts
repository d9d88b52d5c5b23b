import { InvalidArgumentError } from 'commander';

/** For commander: an option that takes a whole number. */
export function wholeNumberOption(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It takes a whole number.');
}
