import { z } from 'zod';
import { defineContract } from './contract.ts';

const Timestamp = z.iso.datetime({ offset: true });

/** A time of the schedule of an image pipeline, and what was decided then. */
export const ImagePipelineRun = z.object({
  scheduledAt: Timestamp,
  /** Later than the time itself where the control plane was down. */
  decidedAt: Timestamp,
  decision: z.enum(['start', 'skip']),
  /** Why, in whole sentences. */
  because: z.array(z.string()),
  /** The image that was built then, whatever became of it. */
  imageBuildVersionArn: z.string().nullable(),
});
export type ImagePipelineRun = z.infer<typeof ImagePipelineRun>;

/** What was decided at the times of a pipeline's schedule, the newest first: why it built, and why it did not. */
export const ListImagePipelineRuns = defineContract(
  'ListImagePipelineRuns',
  'person',
  z.object({
    imagePipelineArn: z.string().min(1).max(2048),
    maxResults: z.number().int().min(1).max(100).optional(),
    nextToken: z.string().optional(),
  }),
  z.object({
    status: z.enum(['ENABLED', 'DISABLED']),
    /** Why the pipeline was disabled, where its policy did it. */
    disabledBecause: z.string().nullable(),
    /** `At 02:00 on Sundays, Europe/Berlin`; null for a pipeline that only people start. */
    schedule: z.string().nullable(),
    /** When the next decision is made. */
    nextRunAt: Timestamp.nullable(),
    runs: z.array(ImagePipelineRun),
    nextToken: z.string().optional(),
  }),
);
