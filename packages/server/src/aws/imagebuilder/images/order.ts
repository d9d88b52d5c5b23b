import type { ContainerRecipe, DistributionConfiguration } from '@aws-sdk/client-imagebuilder';
import type { ParentImage } from '@patchbay/contracts';
import { defaultDockerfileTemplate, patchGroupOf, type ResolvedDependency, readParentImage } from '@patchbay/patching';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { resolveComponent } from '../components/service.ts';
import { ImageBuilderError } from '../errors.ts';
import { resolveDependencies } from '../pipelines/dependencies.ts';
import { allowedHostsOf } from './allowed-hosts.ts';
import type { BuildContext } from './build-context.ts';
import { findImage, findParent, imageArn } from './find-image.ts';
import { resolveOwnParent } from './parent-now.ts';
import type { KeptBuildOrder } from './tables.ts';

export interface OrderedImage {
  readonly imageId: string;
  readonly imageBuildVersionArn: string;
  /** With its build. */
  readonly version: string;
  /** As the request or the pipeline names it, perhaps with `x`. */
  readonly recipeArn: string;
  readonly recipe: CamelCased<ContainerRecipe>;
  readonly distribution: CamelCased<DistributionConfiguration> | null;
  readonly isTested: boolean;
}

/** A build that takes longer is stopped. AWS has no limit for all of a build; its default for distribution alone is six hours. */
const buildTimeoutSeconds = 6 * 3600;

/** What a builder is told, with every wildcard resolved as it is now. */
export async function compileOrder(
  image: OrderedImage,
  context: BuildContext,
): Promise<{ order: KeptBuildOrder; patchGroup: string | null; dependencies: ResolvedDependency[] }> {
  const { recipe, version } = image;
  const components = await Promise.all(
    (recipe.components ?? []).map(async ({ componentArn = '', parameters = [] }) => {
      const component = await resolveComponent(componentArn, context);
      return {
        arn: component.arn,
        name: component.name,
        version: `${component.version}/${component.build}`,
        data: component.data,
        parameters: Object.fromEntries(parameters.map(({ name = '', value = [] }) => [name, value[0] ?? ''])),
      };
    }),
  );
  const order: KeptBuildOrder = {
    kind: 'build',
    imageId: image.imageId,
    imageBuildVersionArn: image.imageBuildVersionArn,
    name: recipe.name ?? '',
    version,
    containerRecipeArn: recipe.arn ?? '',
    parent: await resolveParent(recipe.parentImage ?? '', context),
    template: recipe.dockerfileTemplateData ?? defaultDockerfileTemplate,
    workingDirectory: recipe.workingDirectory ?? '/tmp',
    components,
    isTested: image.isTested,
    targets: listTargets(image, context),
    labels: {},
    allowedHosts: allowedHostsOf(recipe.tags ?? {}),
    timeoutSeconds: buildTimeoutSeconds,
  };
  const patchGroup = patchGroupOf(recipe.tags ?? {}) ?? null;
  const resolveParentNow = (parentImage: string) => resolveOwnParent(parentImage, context);
  const dependencies = await resolveDependencies({ recipeArn: image.recipeArn }, resolveParentNow, context);
  return { order, patchGroup, dependencies };
}

/** An own image stands for the repository and digest that its newest build was sent to. */
async function resolveParent(text: string, context: BuildContext): Promise<ParentImage> {
  const parent = readParentImage(text);
  switch (parent.kind) {
    case 'managed':
      return { kind: 'managed', name: parent.image.name };
    case 'reference':
      return { kind: 'reference', reference: text };
    case 'builder':
      return parent;
    case 'own': {
      const image = await findParent(text, context);
      const uri = image?.containers[0]?.imageUris[0];
      if (!image?.record || uri === undefined) {
        const newest = image ?? (await findImage(text, context));
        throw new ImageBuilderError(
          'IMAGE_STATE',
          `The parent image ${imageArn(newest)} is ${newest.status}: an image can be built only upon one that is AVAILABLE.`,
        );
      }
      return { kind: 'reference', reference: `${repositoryOf(uri)}@${image.record.digest}` };
    }
  }
}

/** Registry and path of a reference, without tag and digest. */
function repositoryOf(uri: string): string {
  const [named = ''] = uri.split('@');
  const colon = named.lastIndexOf(':');
  return colon > named.lastIndexOf('/') ? named.slice(0, colon) : named;
}

/** The tag that only this build has comes first: distribution sends that one everywhere before any other. */
function listTargets({ recipe, distribution, version }: OrderedImage, { region }: BuildContext) {
  const ownTag = version.replace('/', '-');
  const wanted = (distribution?.distributions ?? []).flatMap(
    ({ region: where = region, containerDistributionConfiguration }) =>
      containerDistributionConfiguration === undefined
        ? []
        : [
            {
              region: where,
              repository: containerDistributionConfiguration.targetRepository?.repositoryName ?? '',
              tags: containerDistributionConfiguration.containerTags ?? [],
            },
          ],
  );
  const own = { region, repository: recipe.targetRepository?.repositoryName ?? '', tags: [] };
  return (wanted.length === 0 ? [own] : wanted).map((target) => ({
    ...target,
    tags: [...new Set([ownTag, ...target.tags])],
  }));
}
