import type { ScheduledRunQuestion } from '@patchbay/patching';
import { readWireContainerRecipe } from '../container-recipes/describe.ts';
import type { ImagePipeline } from '../pipelines/repository.ts';
import { pipelineArn } from '../pipelines/service.ts';
import type { BuildContext } from './build-context.ts';
import { resolveDependencies } from './dependencies.ts';
import { imageArn } from './find-image.ts';
import { findBuildUnderWay, findLastAvailable, type Image } from './repository.ts';

type Evidence = Pick<ScheduledRunQuestion, 'lastBuild' | 'resolved' | 'missingPatches' | 'buildUnderWay'>;

/** What a decision about a pipeline rests on. */
export async function gatherEvidence(pipeline: ImagePipeline, context: BuildContext): Promise<Evidence> {
  const arn = pipelineArn(context, pipeline.arnName);
  const last = await findLastAvailable(context.db, arn);
  const underWay = await findBuildUnderWay(context.db, arn);
  return {
    lastBuild: last ? { imageArn: imageArn(last), dependencies: last.dependencies, lackedWhenBuilt: [] } : null,
    resolved: await resolveNow(pipeline, last, context),
    missingPatches: { kind: 'not-judged', reason: 'not yet' },
    buildUnderWay: underWay ? imageArn(underWay) : null,
  };
}

/** What only builders can tell is taken to be as it was. */
async function resolveNow({ recipeArn, definition }: ImagePipeline, last: Image | undefined, context: BuildContext) {
  if (definition.containerRecipeArn === undefined) return [];
  const recipe = await readWireContainerRecipe(recipeArn, context);
  const resolved = await resolveDependencies(recipe, context);
  const before = last?.dependencies ?? [];
  return resolved.map((each) =>
    each.kind === 'parent' && each.resolved === null
      ? (before.find(({ kind, reference }) => kind === 'parent' && reference === each.reference) ?? each)
      : each,
  );
}
