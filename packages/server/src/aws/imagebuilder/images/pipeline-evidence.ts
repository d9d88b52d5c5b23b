import type { MissingPatches, ScheduledRunQuestion } from '@patchbay/patching';
import { missingApprovedPatches } from '../../../patchbay/image-freshness/missing-patches.ts';
import { resolveDependencies } from '../pipelines/dependencies.ts';
import type { ImagePipeline } from '../pipelines/repository.ts';
import { pipelineArn } from '../pipelines/service.ts';
import type { BuildContext } from './build-context.ts';
import { imageArn } from './find-image.ts';
import { resolveOwnParent } from './parent-now.ts';
import { findBuildUnderWay, findLastAvailable, type Image } from './repository.ts';

type Evidence = Pick<ScheduledRunQuestion, 'lastBuild' | 'resolved' | 'missingPatches' | 'buildUnderWay'>;

/** What a decision about a pipeline rests on. */
export async function gatherEvidence(pipeline: ImagePipeline, context: BuildContext): Promise<Evidence> {
  const arn = pipelineArn(context, pipeline.arnName);
  const last = await findLastAvailable(context.db, arn);
  const underWay = await findBuildUnderWay(context.db, arn);
  return {
    lastBuild: last
      ? { imageArn: imageArn(last), dependencies: last.dependencies, lackedWhenBuilt: last.lackedWhenBuilt }
      : null,
    resolved: await resolveNow(pipeline, last, context),
    missingPatches: last
      ? await findMissingPatches(last, context)
      : { kind: 'not-judged', reason: 'there is no image yet' },
    buildUnderWay: underWay ? imageArn(underWay) : null,
  };
}

/** What only builders can tell is taken to be as it was. */
async function resolveNow(pipeline: ImagePipeline, last: Image | undefined, context: BuildContext) {
  const before = last?.dependencies ?? [];
  const resolved = await resolveDependencies(pipeline, (parent) => resolveOwnParent(parent, context), context);
  return resolved.map((each) =>
    each.kind === 'parent' && each.resolved === null
      ? (before.find(({ kind, reference }) => kind === 'parent' && reference === each.reference) ?? each)
      : each,
  );
}

async function findMissingPatches({ imageId }: Image, context: BuildContext): Promise<MissingPatches> {
  const found = await missingApprovedPatches(imageId, context);
  if (found.kind === 'unknown') {
    return { kind: 'unknown', reason: found.reasons.map(({ message }) => message).join('; ') };
  }
  const missing = found.patches.map(({ name, targetVersion }) => ({ name, version: targetVersion ?? '' }));
  return { kind: 'known', missing };
}
