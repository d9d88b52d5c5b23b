import { z } from 'zod';
import { SignedAuthorization } from './authorization.ts';
import { defineContract } from './contract.ts';

/** One build of an image, as long as one builder holds it. Given with facts and plans, those are the image's. */
export const ImageBuildLease = z.object({ imageId: z.string(), leaseId: z.string() });
export type ImageBuildLease = z.infer<typeof ImageBuildLease>;

/** What an image is built upon: a base image that builders make themselves, any image that can be pulled, or one they have. */
export const ParentImage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('managed'), name: z.string() }),
  z.object({ kind: z.literal('reference'), reference: z.string() }),
  z.object({ kind: z.literal('builder'), path: z.string(), imageName: z.string().nullable() }),
]);
export type ParentImage = z.infer<typeof ParentImage>;

const OrderedComponent = z.object({
  arn: z.string(),
  name: z.string(),
  version: z.string(),
  /** The document, YAML. */
  data: z.string(),
  parameters: z.record(z.string(), z.string()),
});

const orderedImage = {
  imageId: z.string(),
  leaseId: z.string(),
  imageBuildVersionArn: z.string(),
  name: z.string(),
  /** With its build: `1.0.0/3`. */
  version: z.string(),
  /** For all of it, from its beginning. */
  timeoutSeconds: z.number().int().positive(),
  /** What may be reached from inside, besides the builder's own archives and the public ones. */
  allowedHosts: z.array(z.string()).default([]),
};

/** Everything a builder needs to know to build one container image. */
export const ContainerBuildOrder = z.object({
  kind: z.literal('build'),
  ...orderedImage,
  containerRecipeArn: z.string(),
  parent: ParentImage,
  /** The Dockerfile template. */
  template: z.string(),
  workingDirectory: z.string(),
  components: z.array(OrderedComponent),
  isTested: z.boolean(),
  /** Where it is sent, and under which tags. */
  targets: z.array(z.object({ region: z.string(), repository: z.string(), tags: z.array(z.string()).min(1) })),
  labels: z.record(z.string(), z.string()),
});
export type ContainerBuildOrder = z.infer<typeof ContainerBuildOrder>;

/** An image that exists: it is pulled, and what is in it is told; it is neither changed nor sent anywhere. */
export const ImageImportOrder = z.object({
  kind: z.literal('import'),
  ...orderedImage,
  /** In a registry. */
  reference: z.string(),
  /** Under which it is listed. */
  region: z.string(),
});
export type ImageImportOrder = z.infer<typeof ImageImportOrder>;

/** What a builder is to do for one image. */
export const ImageBuildOrder = z.discriminatedUnion('kind', [ContainerBuildOrder, ImageImportOrder]);
export type ImageBuildOrder = z.infer<typeof ImageBuildOrder>;

export const ToolVersion = z.object({ name: z.string().max(64), version: z.string().max(128) });
export type ToolVersion = z.infer<typeof ToolVersion>;

/** A builder asks for work: what it builds with, and how many builds it has room for. Held until there is some. */
export const TakeImageBuild = defineContract(
  'TakeImageBuild',
  'node',
  z.object({ tools: z.array(ToolVersion).max(32), pollSeconds: z.number().int().min(0).max(60).default(0) }),
  z.object({ order: ImageBuildOrder.nullable(), authorization: SignedAuthorization.nullable() }),
);

export const ImageBuildStepStatus = z.enum(['PENDING', 'SKIPPED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED']);
export type ImageBuildStepStatus = z.infer<typeof ImageBuildStepStatus>;

/** The steps of a build of a container image, in order, by the workflow that AWS would count them to. */
export const imageBuildSteps = [
  { workflow: 'BUILD', name: 'ObtainParentImage', action: 'LaunchInstance' },
  { workflow: 'BUILD', name: 'ApplyBuildComponents', action: 'ExecuteComponents' },
  { workflow: 'BUILD', name: 'CollectImageMetadata', action: 'CollectImageMetadata' },
  { workflow: 'BUILD', name: 'CreateOutputImage', action: 'CreateImage' },
  { workflow: 'TEST', name: 'ApplyTestComponents', action: 'ExecuteComponents' },
  { workflow: 'DISTRIBUTION', name: 'DistributeImage', action: 'DistributeImage' },
] as const;
export const ImageBuildStepName = z.enum(imageBuildSteps.map(({ name }) => name));
export type ImageBuildStepName = z.infer<typeof ImageBuildStepName>;

const ImageBuildStep = z.object({
  name: ImageBuildStepName,
  status: ImageBuildStepStatus,
  message: z.string().max(4096),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
});
export type ImageBuildStep = z.infer<typeof ImageBuildStep>;

const ImageBuildLine = z.object({
  at: z.iso.datetime(),
  step: ImageBuildStepName,
  /** The component, phase and step of its document; empty for what the builder itself says. */
  component: z.string().max(256),
  phase: z.string().max(128),
  componentStep: z.string().max(256),
  stream: z.enum(['stdout', 'stderr', 'info']),
  text: z.string().max(16_384),
});
export type ImageBuildLine = z.infer<typeof ImageBuildLine>;

/** From 0. What is kept of a build is far shorter than this. */
const LineNumber = z.int().min(0).max(1_000_000_000);

/**
 * Tells how far a build is and what it printed, and keeps the lease. `firstLine` is the number of the first line, so that
 * a report whose answer was lost can be given again.
 */
export const ReportImageBuild = defineContract(
  'ReportImageBuild',
  'node',
  ImageBuildLease.extend({
    steps: z.array(ImageBuildStep).max(imageBuildSteps.length),
    firstLine: LineNumber,
    lines: z.array(ImageBuildLine).max(1000),
  }),
  z.object({ isCancelled: z.boolean(), leaseSeconds: z.number().int().positive() }),
);

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** What an image was made of, kept for good. */
export const ImageBuildRecord = z.object({
  /** Of the manifest. */
  digest: Digest,
  /** What it was built upon; of one that was imported the image itself. */
  parent: z.object({ reference: z.string(), digest: Digest, version: z.string().nullable() }),
  archives: z.array(z.object({ uri: z.string(), suite: z.string(), releaseDigest: z.string(), date: z.string() })),
  tools: z.array(ToolVersion),
  timestamp: z.iso.datetime(),
  /** What the image says of itself in /etc/patchbay/image; null where it says nothing. */
  originId: Digest.nullable().default(null),
  layers: z.array(z.object({ digest: Digest, sizeBytes: z.number().int().nonnegative() })),
});
export type ImageBuildRecord = z.infer<typeof ImageBuildRecord>;

const Failure = z.object({
  step: ImageBuildStepName,
  component: z.string().max(256),
  phase: z.string().max(128),
  componentStep: z.string().max(256),
  message: z.string().max(4096),
  /** The end of what the step printed. */
  output: z.string().max(8192),
});

/** Ends a build: nothing overwrites it. */
export const CompleteImageBuild = defineContract(
  'CompleteImageBuild',
  'node',
  ImageBuildLease.extend({
    outcome: z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('available'),
        /** The facts that were handed in for the image. */
        factsId: z.string(),
        osVersion: z.string().max(256),
        record: ImageBuildRecord,
        containers: z.array(z.object({ region: z.string(), imageUris: z.array(z.string()) })),
      }),
      z.object({ kind: z.literal('failed'), failure: Failure }),
      z.object({ kind: z.literal('cancelled') }),
    ]),
  }),
  z.object({}),
);
export type ImageBuildOutcome = z.infer<typeof CompleteImageBuild.input>['outcome'];

/** Lets a builder look into an image that exists, and keeps what is in it as of one that was built here. */
export const ImportImage = defineContract(
  'ImportImage',
  'person',
  z.object({
    /** As AWS's ResourceName. */
    name: z.string().regex(/^[-_A-Za-z0-9][-_A-Za-z0-9 ]{1,126}[-_A-Za-z0-9]$/),
    semanticVersion: z.string().max(128),
    /** In a registry, as Docker writes it. */
    reference: z.string().max(1024),
    /** Which baseline judges it; by default that of its tag `PatchGroup`. */
    patchGroup: z.string().min(1).max(256).optional(),
    tags: z.record(z.string().min(1).max(128), z.string().max(256)).default({}),
  }),
  z.object({ imageBuildVersionArn: z.string() }),
);

/** What a build printed so far, from a line on: with the number of the next to ask for, and whether more may come. */
export const ListImageBuildLines = defineContract(
  'ListImageBuildLines',
  'person',
  z.object({
    imageBuildVersionArn: z.string(),
    from: LineNumber.default(0),
    maxResults: z.number().int().min(1).max(1000).default(1000),
  }),
  z.object({
    status: z.string(),
    reason: z.string().nullable(),
    lines: z.array(ImageBuildLine.extend({ number: z.number().int() })),
    next: z.number().int(),
    hasEnded: z.boolean(),
  }),
);

/** Everything that is kept of how an image was made. */
export const GetImageBuildRecord = defineContract(
  'GetImageBuildRecord',
  'person',
  z.object({ imageBuildVersionArn: z.string() }),
  z.object({
    imageBuildVersionArn: z.string(),
    imageId: z.string(),
    status: z.string(),
    builder: z.string().nullable(),
    attempts: z.number().int(),
    patchGroup: z.string().nullable(),
    record: ImageBuildRecord.nullable(),
    failure: Failure.nullable(),
    components: z.array(z.object({ arn: z.string(), name: z.string(), version: z.string() })),
    /** Null for an image that was imported. */
    containerRecipeArn: z.string().nullable(),
    steps: z.array(ImageBuildStep),
    createdAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    endedAt: z.iso.datetime().nullable(),
  }),
);

/** The bill of materials of an image, as it is attached to it in its registries. */
export const GetImageBillOfMaterials = defineContract(
  'GetImageBillOfMaterials',
  'person',
  z.object({ imageBuildVersionArn: z.string(), format: z.enum(['cyclonedx', 'spdx']).default('cyclonedx') }),
  z.object({ mediaType: z.string(), content: z.string() }),
);
