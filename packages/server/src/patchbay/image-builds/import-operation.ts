import { ImportImage } from '@patchbay/contracts';
import { arnResource, formatArn } from '../../aws/imagebuilder/arns.ts';
import { imageBuilderErrors } from '../../aws/imagebuilder/errors.ts';
import { imageArn } from '../../aws/imagebuilder/images/find-image.ts';
import { importImage } from '../../aws/imagebuilder/images/import.ts';
import { imageType } from '../../aws/imagebuilder/images/tables.ts';
import { fulfil } from '../../operations/registry.ts';

/** For container images AWS has nothing like it: ImportDiskImage and ImportVmImage are about disks. */
export const imageImportContracts = [
  fulfil(ImportImage, {
    errors: imageBuilderErrors,
    // Its build number is not known yet.
    resource: ({ name, semanticVersion }, { accountId, region }) =>
      arnResource(formatArn({ accountId, region, resourceType: imageType, resourceId: `${name}/${semanticVersion}` })),
    handle: async (input, context) => ({ imageBuildVersionArn: imageArn(await importImage(input, context)) }),
  }),
];
