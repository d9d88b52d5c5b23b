import { DEFAULT_DATA_DIRECTORY } from '@patchbay/server';
import { type Command, Option } from 'commander';
import { chooseAccess } from './administrator-access.ts';
import { type ControlPlaneClient, createControlPlaneClient } from './control-plane-client.ts';

/** Of every command that calls a control plane. */
export interface AccessFlags {
  readonly data?: string;
}

/** Of every command that prints what a program may want to read. */
export interface OutputFlags {
  readonly output: 'table' | 'json';
}

/** `--data`: whose access to use. */
export function withAccess(command: Command): Command {
  return command.option(
    '--data <directory>',
    `data directory of the control plane to call (default: what AWS_ENDPOINT_URL and AWS_ACCESS_KEY_ID name, else ${DEFAULT_DATA_DIRECTORY})`,
  );
}

/** `--output table` or `--output json`. */
export function withOutput(command: Command): Command {
  return command.addOption(
    new Option('--output <format>', 'how to print it').choices(['table', 'json']).default('table'),
  );
}

/** A client with the access that the flags or the environment name. */
export async function connect({ data }: AccessFlags): Promise<ControlPlaneClient> {
  return createControlPlaneClient((await chooseAccess(data, process.env)).access);
}

/** Prints an answer whole as JSON, or in lines. */
export function print<Answer>(
  answer: Answer,
  { output }: OutputFlags,
  describe: (answer: Answer) => readonly string[],
): void {
  const lines = output === 'json' ? [JSON.stringify(answer, null, 2)] : describe(answer);
  for (const line of lines) console.log(line);
}

/** Follows the pages of a list to its end. */
export async function collectPages<Entry>(
  readPage: (nextToken: string | undefined) => Promise<{ entries: readonly Entry[]; nextToken?: string | undefined }>,
): Promise<Entry[]> {
  const collected: Entry[] = [];
  let nextToken: string | undefined;
  do {
    const page = await readPage(nextToken);
    collected.push(...page.entries);
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return collected;
}
