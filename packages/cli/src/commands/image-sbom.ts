import { GetImageBillOfMaterials } from '@patchbay/contracts';
import { Command } from 'commander';
import { type BillFlags, withBillOptions, writeBill } from '../bill-file.ts';
import { type AccessFlags, connect, withAccess } from '../control-plane-options.ts';

/** `patchbay image sbom`: what lies in an image that was built, as it is attached to it in its registries. */
export const imageSbomCommand = withBillOptions(withAccess(new Command('sbom')))
  .description('Write the bill of materials of an image that the control plane has built')
  .argument('<arn>', 'of the build of an image')
  .action(async (imageBuildVersionArn: string, flags: AccessFlags & BillFlags) => {
    const client = await connect(flags);
    const { content } = await client.call(GetImageBillOfMaterials, { imageBuildVersionArn, format: flags.format });
    writeBill(content, flags);
  });
