import { ListImageNodes } from '@patchbay/contracts';
import type { InstalledSet } from '@patchbay/facts';
import { comparePackages } from '@patchbay/patching';
import { arnResource } from '../../aws/imagebuilder/arns.ts';
import { findImageBuild } from '../../aws/imagebuilder/images/find-image.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { nextToken, startOfPage } from '../../operations/pages.ts';
import { fulfil } from '../../operations/registry.ts';
import { readUnit } from '../facts/repository.ts';
import { findFacts } from '../facts/service.ts';
import { imageFreshnessErrors } from '../image-freshness/errors.ts';
import { type NodeOfImage, pageNodesOfImage } from './repository.ts';

async function readInstalled(digest: string, { db, accountId }: OperationContext): Promise<InstalledSet> {
  const installed = await readUnit(db, 'installedSets', accountId, digest);
  if (!installed) throw new Error(`The installed set ${digest} is gone`);
  return installed;
}

/** Nodes with equal packages differ equally: each set is compared once. */
async function describeNodes(
  nodes: readonly NodeOfImage[],
  imageDigest: string | undefined,
  context: OperationContext,
) {
  const image = imageDigest === undefined ? null : await readInstalled(imageDigest, context);
  const known = new Map<string, ReturnType<typeof comparePackages>>();
  const compare = async (installedDigest: string) => {
    // Equal digests are equal packages.
    if (image === null || installedDigest === imageDigest) return [];
    const differences =
      known.get(installedDigest) ??
      comparePackages(image.packages, (await readInstalled(installedDigest, context)).packages);
    known.set(installedDigest, differences);
    return differences;
  };
  const described = [];
  for (const { instanceId, name, installedDigest, reportedAt } of nodes) {
    const differences = await compare(installedDigest);
    const isDrifted = image === null ? null : differences.length > 0;
    described.push({ instanceId, name, reportedAt: reportedAt.toISOString(), isDrifted, differences });
  }
  return described;
}

/** Which nodes come from which image, and what became of them. */
export const imageNodeContracts = [
  fulfil(ListImageNodes, {
    errors: imageFreshnessErrors,
    resource: ({ imageBuildVersionArn }) => arnResource(imageBuildVersionArn),
    handle: async (input, context) => {
      const page = startOfPage('ListImageNodes', input, context);
      const limit = input.maxResults ?? 20;
      const image = await findImageBuild(input.imageBuildVersionArn, context);
      const { imageId, originId, factsId } = image;
      const query = { originId, reach: context.reach, after: page.after, limit: limit + 1 };
      const found = await pageNodesOfImage(context.db, context, query);
      const facts = factsId === null ? undefined : await findFacts(imageId, factsId, context);
      return {
        nodes: await describeNodes(found.slice(0, limit), facts?.installedDigest, context),
        nextToken: nextToken(page, found, limit, ({ instanceId }) => instanceId),
      };
    },
  }),
];
