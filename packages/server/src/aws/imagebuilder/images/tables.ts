import type {
  CreateImageRequest,
  DistributionConfiguration,
  InfrastructureConfiguration,
} from '@aws-sdk/client-imagebuilder';
import type {
  ContainerBuildOrder,
  ImageBuildOutcome,
  ImageBuildRecord,
  ImageBuildStepName,
  ImageBuildStepStatus,
  ImageImportOrder,
} from '@patchbay/contracts';
import type { MissingPatch, ResolvedDependency } from '@patchbay/patching';
import type { ColumnType, Generated } from 'kysely';
import type { CamelCased } from '../../../operations/camel-cased.ts';

/** In ARNs, and what `resource_tags` calls them. */
export const imageType = 'image';

/** Where a build is, in Image Builder's words (ImageStatus). */
export type ImageStatus =
  | 'PENDING'
  | 'BUILDING'
  | 'TESTING'
  | 'DISTRIBUTING'
  | 'AVAILABLE'
  | 'CANCELLED'
  | 'FAILED'
  | 'DEPRECATED'
  | 'DISABLED';

/** What of CreateImage an image shows as it was given. */
export type ImageRequest = Pick<
  CamelCased<CreateImageRequest>,
  | 'imageTestsConfiguration'
  | 'enhancedImageMetadataEnabled'
  | 'imageScanningConfiguration'
  | 'executionRole'
  | 'loggingConfiguration'
>;

export type ImageFailure = Extract<ImageBuildOutcome, { kind: 'failed' }>['failure'];

/** The order of a build without what each builder gets anew. */
export type KeptOrder = KeptBuildOrder | Omit<ImageImportOrder, 'leaseId'>;
export type KeptBuildOrder = Omit<ContainerBuildOrder, 'leaseId'>;

export interface OutputContainer {
  readonly region: string;
  readonly imageUris: readonly string[];
}

/** One build of an image with what it was made from, frozen when it was asked for. */
export interface ImagesTable {
  /** `img-` and a UUID: what facts, verdicts and plans know it by. */
  imageId: ColumnType<string, string, never>;
  accountId: ColumnType<string, string, never>;
  region: ColumnType<string, string, never>;
  arnName: ColumnType<string, string, never>;
  name: ColumnType<string, string, never>;
  version: ColumnType<string, string, never>;
  /** The same as numbers, to sort by. */
  versionOrder: ColumnType<string[], number[], never>;
  buildNumber: ColumnType<number, number, never>;
  /** `name/1.0.0/3`: what its ARN ends with and its tags lie under. */
  resourceId: ColumnType<string, string, never>;
  buildType: ColumnType<'USER_INITIATED' | 'SCHEDULED' | 'IMPORT', 'USER_INITIATED' | 'SCHEDULED' | 'IMPORT', never>;
  status: ImageStatus;
  /** Why it is where it is. */
  reason: string | null;
  /** Null, as recipe and infrastructure, for an image that was imported. */
  recipeArn: ColumnType<string | null, string | null, never>;
  recipe: ColumnType<object | null, string | null, never>;
  infrastructure: ColumnType<CamelCased<InfrastructureConfiguration> | null, string | null, never>;
  distribution: ColumnType<CamelCased<DistributionConfiguration> | null, string | null, never>;
  pipelineArn: ColumnType<string | null, string | null, never>;
  pipelineName: ColumnType<string | null, string | null, never>;
  request: ColumnType<ImageRequest, string, never>;
  /** Its recipe's, then: which baseline judges it. */
  patchGroup: ColumnType<string | null, string | null, never>;
  buildOrder: ColumnType<KeptOrder, string, never>;
  /** What it was made from, by what its recipe says. */
  dependencies: ColumnType<ResolvedDependency[], string | undefined, string>;
  /** Approved patches that were missing right after it was built. */
  lackedWhenBuilt: ColumnType<MissingPatch[], string | undefined, string>;
  /** What machines that were made from it name (ImageOrigin of facts); null where nothing of it says so. */
  originId: ColumnType<string | null, string | null | undefined, string | null>;
  record: ColumnType<ImageBuildRecord | null, string | null | undefined, string>;
  failure: ColumnType<ImageFailure | null, string | null | undefined, string | null>;
  containers: ColumnType<OutputContainer[], string | undefined, string>;
  osVersion: ColumnType<string | null, string | null | undefined, string>;
  factsId: ColumnType<string | null, string | null | undefined, string>;
  leaseId: ColumnType<string | null, undefined, string | null>;
  /** The builder that holds it, or held it last. */
  leaseInstanceId: ColumnType<string | null, undefined, string>;
  leaseUntil: ColumnType<Date | null, undefined, Date | null>;
  /** The number of the first line of the builder that took it last: lines of earlier ones stay. */
  firstLine: Generated<number>;
  /** Where it was when it failed or was cancelled. */
  endedIn: ColumnType<ImageStatus | null, undefined, ImageStatus | null>;
  /** How often a builder took it. */
  attempts: Generated<number>;
  cancelRequestedAt: ColumnType<Date | null, undefined, Date | null>;
  dateCreated: ColumnType<Date, Date, never>;
  startedAt: ColumnType<Date | null, undefined, Date>;
  endedAt: ColumnType<Date | null, undefined, Date | null>;
}

export interface ImageBuildStepsTable {
  imageId: ColumnType<string, string, never>;
  ordinal: ColumnType<number, number, never>;
  workflow: ColumnType<'BUILD' | 'TEST' | 'DISTRIBUTION', 'BUILD' | 'TEST' | 'DISTRIBUTION', never>;
  workflowExecutionId: ColumnType<string, string, never>;
  stepExecutionId: ColumnType<string, string, never>;
  name: ColumnType<ImageBuildStepName, ImageBuildStepName, never>;
  action: ColumnType<string, string, never>;
  status: ImageBuildStepStatus;
  message: string;
  startedAt: Date | null;
  endedAt: Date | null;
}

/** What a build printed, line by line; the first that came stay. */
export interface ImageBuildLinesTable {
  imageId: string;
  number: number;
  at: Date;
  step: ImageBuildStepName;
  component: string;
  phase: string;
  componentStep: string;
  stream: 'stdout' | 'stderr' | 'info';
  text: string;
}

/** Which number the last build of a version got; versions are named as `my-image/1.0.0`. */
export interface ImageNumbersTable {
  accountId: ColumnType<string, string, never>;
  region: ColumnType<string, string, never>;
  versionId: ColumnType<string, string, never>;
  lastBuild: number;
}

export interface ImageTables {
  imageNumbers: ImageNumbersTable;
  images: ImagesTable;
  imageBuildSteps: ImageBuildStepsTable;
  imageBuildLines: ImageBuildLinesTable;
}
