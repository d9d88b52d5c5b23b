import { ListImagePipelineRuns } from '@patchbay/contracts';
import { describeSchedule, nextRun } from '@patchbay/patching';
import { arnResource } from '../aws/imagebuilder/arns.ts';
import { imageBuilderErrors } from '../aws/imagebuilder/errors.ts';
import { scheduledPipelineOf } from '../aws/imagebuilder/pipelines/definition.ts';
import { type ImagePipelineRun, listRuns } from '../aws/imagebuilder/pipelines/runs-repository.ts';
import { getPipeline } from '../aws/imagebuilder/pipelines/service.ts';
import { nextToken, startOfPage } from '../operations/pages.ts';
import { fulfil } from '../operations/registry.ts';

function describeRun({ scheduledAt, decidedAt, decision, because, imageArn }: ImagePipelineRun) {
  return {
    scheduledAt: scheduledAt.toISOString(),
    decidedAt: decidedAt.toISOString(),
    decision,
    because,
    imageBuildVersionArn: imageArn,
  };
}

/** What people ask about image pipelines beyond AWS's operations, which have no room for why nothing was built. */
export const imagePipelineRunContracts = [
  fulfil(ListImagePipelineRuns, {
    errors: imageBuilderErrors,
    resource: ({ imagePipelineArn }) => arnResource(imagePipelineArn),
    handle: async (input, context) => {
      const pipeline = await getPipeline(input.imagePipelineArn, context);
      const page = startOfPage('ListImagePipelineRuns', input, context);
      const limit = input.maxResults ?? 20;
      const before = page.after === '' ? null : new Date(page.after);
      const found = await listRuns(context.db, pipeline, { before, limit: limit + 1 });
      const scheduled = scheduledPipelineOf(pipeline);
      return {
        status: pipeline.status,
        disabledBecause: pipeline.disabledBecause,
        schedule: scheduled.schedule === null ? null : describeSchedule(scheduled.schedule),
        nextRunAt: nextRun(scheduled, context.now)?.toISOString() ?? null,
        runs: found.slice(0, limit).map(describeRun),
        nextToken: nextToken(page, found, limit, ({ scheduledAt }) => scheduledAt.toISOString()),
      };
    },
  }),
];
