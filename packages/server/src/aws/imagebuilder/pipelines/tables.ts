import type { CreateImagePipelineRequest } from '@aws-sdk/client-imagebuilder';
import type { PipelineStatus } from '@patchbay/patching';
import type { ColumnType } from 'kysely';
import type { CamelCased } from '../../../operations/camel-cased.ts';

/** In ARNs, and what `resource_tags` calls them. */
export const imagePipelineType = 'image-pipeline';

/** What an update replaces as a whole, besides the status. */
export type PipelineDefinition = Omit<
  CamelCased<CreateImagePipelineRequest>,
  'name' | 'tags' | 'clientToken' | 'status'
>;

type Fixed<Type> = ColumnType<Type, Type, never>;

/** What is built, where, how often and where it goes. Deleting one removes it, and leaves its images. */
export interface ImagePipelinesTable {
  accountId: Fixed<string>;
  region: Fixed<string>;
  /** The name as ARNs hold it. */
  arnName: Fixed<string>;
  /** As it was given. */
  name: Fixed<string>;
  definition: ColumnType<PipelineDefinition, string, string>;
  /** Out of the definition: what others look for. */
  infrastructureConfigurationArn: string;
  distributionConfigurationArn: string | null;
  /** Of an image recipe or a container recipe, perhaps with `x`. */
  recipeArn: string;
  status: PipelineStatus;
  /** Times of the schedule before this do not count: it was another then, or the pipeline was disabled. */
  scheduleChangedAt: Date;
  /** The first time of the schedule that is not decided on; null when there is none. */
  nextRunAt: Date | null;
  /** The last time of the schedule that was decided on. */
  lastRunAt: Date | null;
  consecutiveFailures: number;
  /** Where its policy disabled it. */
  disabledBecause: string | null;
  dateCreated: Fixed<Date>;
  /** Null until it is updated. */
  dateUpdated: Date | null;
}

/** A time of the schedule of a pipeline, and what was decided then. */
export interface ImagePipelineRunsTable {
  accountId: Fixed<string>;
  region: Fixed<string>;
  arnName: Fixed<string>;
  scheduledAt: Fixed<Date>;
  decidedAt: Fixed<Date>;
  decision: Fixed<'start' | 'skip'>;
  /** In whole sentences. */
  because: Fixed<string[]>;
  /** Of the image that is built, where one is. */
  imageArn: Fixed<string | null>;
}

export interface ImagePipelineTables {
  imagePipelines: ImagePipelinesTable;
  imagePipelineRuns: ImagePipelineRunsTable;
}
