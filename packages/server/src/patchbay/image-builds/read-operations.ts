import { GetImageBillOfMaterials, GetImageBuildRecord, ListImageBuildLines } from '@patchbay/contracts';
import { arnResource } from '../../aws/imagebuilder/arns.ts';
import { imageBuilderErrors } from '../../aws/imagebuilder/errors.ts';
import { findImageBuild, imageArn } from '../../aws/imagebuilder/images/find-image.ts';
import { listBuildLines, listBuildSteps } from '../../aws/imagebuilder/images/repository.ts';
import { fulfil } from '../../operations/registry.ts';
import { factsErrors } from '../facts/errors.ts';
import { writeBill } from './write-bill.ts';

const resource = ({ imageBuildVersionArn }: { readonly imageBuildVersionArn: string }) =>
  arnResource(imageBuildVersionArn);

/** What people ask about builds beyond AWS's operations, which have no room for it. */
export const imageBuildReadContracts = [
  fulfil(ListImageBuildLines, {
    errors: imageBuilderErrors,
    resource,
    handle: async ({ imageBuildVersionArn, from, maxResults }, context) => {
      const { imageId, status, reason, endedAt } = await findImageBuild(imageBuildVersionArn, context);
      const lines = await listBuildLines(context.db, imageId, from, maxResults);
      return {
        status,
        reason,
        lines: lines.map(({ imageId: _imageId, at, ...line }) => ({ ...line, at: at.toISOString() })),
        next: (lines.at(-1)?.number ?? from - 1) + 1,
        hasEnded: endedAt !== null && lines.length < maxResults,
      };
    },
  }),
  fulfil(GetImageBuildRecord, {
    errors: imageBuilderErrors,
    resource,
    handle: async ({ imageBuildVersionArn }, context) => {
      const image = await findImageBuild(imageBuildVersionArn, context);
      const steps = await listBuildSteps(context.db, image.imageId);
      const { imageId, status, attempts, patchGroup, record, failure, recipeArn, buildOrder } = image;
      return {
        imageBuildVersionArn: imageArn(image),
        imageId,
        status,
        builder: image.leaseInstanceId,
        attempts,
        patchGroup,
        record,
        failure,
        components:
          buildOrder.kind === 'import'
            ? []
            : buildOrder.components.map(({ arn, name, version }) => ({ arn, name, version })),
        containerRecipeArn: buildOrder.kind === 'import' ? recipeArn : buildOrder.containerRecipeArn,
        steps: steps.map(({ name, status: stepStatus, message, startedAt, endedAt }) => ({
          name,
          status: stepStatus,
          message,
          startedAt: startedAt?.toISOString() ?? null,
          endedAt: endedAt?.toISOString() ?? null,
        })),
        createdAt: image.dateCreated.toISOString(),
        startedAt: image.startedAt?.toISOString() ?? null,
        endedAt: image.endedAt?.toISOString() ?? null,
      };
    },
  }),
  fulfil(GetImageBillOfMaterials, {
    errors: { ...imageBuilderErrors, ...factsErrors },
    resource,
    handle: async ({ imageBuildVersionArn, format }, context) => {
      const image = await findImageBuild(imageBuildVersionArn, context);
      return await writeBill(image, format, context);
    },
  }),
];
