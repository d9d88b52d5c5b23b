import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readInstalledContents } from '@patchbay/agent';
import { AppError } from '@patchbay/facts';
import type { BillFormat } from '@patchbay/sbom';
import { Command, Option } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };

/** Where a bill of materials cannot be put. */
export class BillFileError extends AppError<'BILL_FILE'> {}

interface SbomFlags {
  readonly root: string;
  readonly format: BillFormat['id'];
  readonly output?: string;
}

/** `patchbay sbom`: the bill of materials of a root file system, without any server. */
export const sbomCommand = new Command('sbom')
  .description('Write the bill of materials of this machine or of a root file system, without a control plane')
  .option('--root <directory>', 'a root file system instead of this machine; it is only read', '/')
  .addOption(
    new Option('--format <format>', 'CycloneDX 1.6 or SPDX 2.3, both as JSON')
      .choices(['cyclonedx', 'spdx'])
      .default('cyclonedx'),
  )
  .option('--output <file>', 'the file to write (default: print it)')
  .action(async ({ root, format, output }: SbomFlags) => {
    const contents = await readInstalledContents(root);
    // Loaded here: CycloneDX's library takes longer to load than most commands take.
    const { writeCycloneDx, writeSpdx } = await import('@patchbay/sbom');
    const write = format === 'spdx' ? writeSpdx : writeCycloneDx;
    const text = write({
      ...contents,
      subject: { name: resolve(root), version: null, digest: null },
      createdAt: new Date(),
      patchbayVersion: packageJson.version,
    });
    if (output === undefined) process.stdout.write(text);
    else writeBill(output, text);
  });

function writeBill(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new BillFileError('BILL_FILE', `--output names ${file}, which cannot be written.`, { cause });
  }
}
