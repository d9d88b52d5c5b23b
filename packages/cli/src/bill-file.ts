import { writeFileSync } from 'node:fs';
import { AppError } from '@patchbay/facts';
import type { BillFormat } from '@patchbay/sbom';
import { type Command, Option } from 'commander';

/** Where a bill of materials cannot be put. */
export class BillFileError extends AppError<'BILL_FILE'> {}

export interface BillFlags {
  readonly format: BillFormat['id'];
  readonly output?: string;
}

/** `--format` and `--output` of what writes a bill of materials. */
export function withBillOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--format <format>', 'CycloneDX 1.6 or SPDX 2.3, both as JSON')
        .choices(['cyclonedx', 'spdx'])
        .default('cyclonedx'),
    )
    .option('--output <file>', 'the file to write (default: print it)');
}

/** Prints a bill of materials, or writes it where `--output` says. @throws BillFileError */
export function writeBill(text: string, { output }: BillFlags): void {
  if (output === undefined) {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(output, text);
  } catch (cause) {
    throw new BillFileError('BILL_FILE', `--output names ${output}, which cannot be written.`, { cause });
  }
}
