import { AppError } from '@patchbay/facts';

/** Ends the command: a foreseen error with its sentence, anything else with all that helps to find the fault. */
export function exitWithError(error: unknown): never {
  if (error instanceof AppError) console.error(`patchbay: ${error.message}`);
  else console.error('patchbay: this should not have happened:', error);
  process.exit(2);
}
