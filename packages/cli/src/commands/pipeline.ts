import { ListImagePipelineRuns } from '@patchbay/contracts';
import { Command } from 'commander';
import type { z } from 'zod';
import {
  type AccessFlags,
  connect,
  type OutputFlags,
  print,
  withAccess,
  withOutput,
} from '../control-plane-options.ts';
import { wholeNumberOption } from '../whole-number-option.ts';

type Flags = AccessFlags & OutputFlags & { readonly count: number };
type Answer = z.infer<typeof ListImagePipelineRuns.output>;

/** What a pipeline decided, with the reasons below each time. */
export function describeRuns({ status, disabledBecause, schedule, nextRunAt, runs }: Answer): string[] {
  const upcoming = nextRunAt === null ? 'nothing upcoming' : `next ${nextRunAt}`;
  return [
    `${status}  ${schedule ?? 'no schedule: only people start it'}  ${upcoming}`,
    ...(disabledBecause === null ? [] : [`  ${disabledBecause}`]),
    ...(runs.length === 0 ? ['Nothing was decided yet.'] : []),
    ...runs.flatMap(({ scheduledAt, decision, because, imageBuildVersionArn }) => [
      `${scheduledAt}  ${decision === 'start' ? `built ${imageBuildVersionArn ?? ''}`.trim() : 'not built'}`,
      ...because.map((sentence) => `  ${sentence}`),
    ]),
  ];
}

/** `patchbay pipeline`: why image pipelines build or do not. Everything else about them is AWS's own operations. */
export const pipelineCommand = new Command('pipeline').description('Say why image pipelines build, and why not');

withOutput(withAccess(pipelineCommand.command('runs')))
  .description('List what a pipeline decided at the times of its schedule, the newest first')
  .argument('<arn>', 'of the image pipeline')
  .option('--count <number>', 'how many to show (1 to 100)', wholeNumberOption, 10)
  .action(async (imagePipelineArn: string, flags: Flags) => {
    const client = await connect(flags);
    const answer = await client.call(ListImagePipelineRuns, { imagePipelineArn, maxResults: flags.count });
    print(answer, flags, describeRuns);
  });
