import { resolve } from 'node:path';
import { readInstalledContents } from '@patchbay/agent';
import { Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { type BillFlags, withBillOptions, writeBill } from '../bill-file.ts';

/** `patchbay sbom`: the bill of materials of a root file system, without any server. */
export const sbomCommand = withBillOptions(
  new Command('sbom').option('--root <directory>', 'a root file system instead of this machine; it is only read', '/'),
)
  .description('Write the bill of materials of this machine or of a root file system, without a control plane')
  .action(async ({ root, ...flags }: BillFlags & { readonly root: string }) => {
    const contents = await readInstalledContents(root);
    // Loaded here: CycloneDX's library takes longer to load than most commands take.
    const { writeCycloneDx, writeSpdx } = await import('@patchbay/sbom');
    const write = flags.format === 'spdx' ? writeSpdx : writeCycloneDx;
    const text = write({
      ...contents,
      subject: { name: resolve(root), version: null, digest: null },
      createdAt: new Date(),
      patchbayVersion: packageJson.version,
    });
    writeBill(text, flags);
  });
