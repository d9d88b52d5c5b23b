import { describeError } from '../log.ts';
import type { ExecutionParts } from './execute-command.ts';

/**
 * Removes the scripts and downloads of a command. From inside: what runs in a root file system could have put a symlink
 * where our own path leads.
 */
export async function removeWorkFiles(
  { machine, log }: Pick<ExecutionParts, 'machine' | 'log'>,
  commandId: string,
): Promise<void> {
  const directory = `${machine.workDirectory.inside}/documents/${commandId}`;
  try {
    await machine.run({ argv: ['rm', '-rf', '--', directory], timeoutSeconds: 60 });
  } catch (error) {
    log({ level: 'warning', message: `${directory} could not be removed: ${describeError(error)}` });
  }
}
