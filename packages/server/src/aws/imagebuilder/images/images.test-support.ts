import {
  CreateImageCommand,
  type CreateImageCommandInput,
  GetImageCommand,
  type ImagebuilderClient,
} from '@aws-sdk/client-imagebuilder';
import {
  CompleteImageBuild,
  type ImageBuildLease,
  type ImageBuildOrder,
  type ImageBuildOutcome,
  type ImageBuildStep,
  imageBuildSteps,
  ReportImageBuild,
  SubmitFacts,
  TakeImageBuild,
} from '@patchbay/contracts';
import type { NodeFacts } from '@patchbay/facts';
import { sampleFacts } from '../../../test-support/sample-facts.ts';
import { enrolNode, submissionOf, type TestNode } from '../../../test-support/test-node.ts';
import type { TestServer } from '../../../test-support/test-server.ts';

/** A node that may build. */
export async function enrolBuilder(server: TestServer): Promise<TestNode> {
  return await enrolNode(server, { tags: { 'patchbay:builder': 'true' } });
}

/** Asks for a build of an image and answers its ARN. */
export async function createImageOf(
  client: ImagebuilderClient,
  input: Omit<CreateImageCommandInput, 'clientToken'>,
): Promise<string> {
  return (await client.send(new CreateImageCommand(input))).imageBuildVersionArn ?? '';
}

export async function readImage(client: ImagebuilderClient, imageBuildVersionArn: string) {
  const { image } = await client.send(new GetImageCommand({ imageBuildVersionArn }));
  if (image === undefined) throw new Error(`${imageBuildVersionArn} was answered without an image`);
  return image;
}

/** Takes the build that comes next, if any. */
export async function takeOrder(builder: TestNode, pollSeconds = 0): Promise<ImageBuildOrder | null> {
  return (await builder.patchbay(TakeImageBuild, { tools: [], pollSeconds })).order;
}

/** Takes a build that there must be. */
export async function takeBuildOf(builder: TestNode): Promise<ImageBuildOrder> {
  const order = await takeOrder(builder);
  if (order === null) throw new Error('There is no build to take');
  return order;
}

export const leaseOf = ({ imageId, leaseId }: ImageBuildLease): ImageBuildLease => ({ imageId, leaseId });

export const digestOf = (character: string): string => `sha256:${character.repeat(64)}`;

/** The steps of a build of which so many have ended, and the next runs. */
export function stepsAfter(ended: number, now: Date): ImageBuildStep[] {
  const at = now.toISOString();
  return imageBuildSteps.map(({ name }, index) => ({
    name,
    status: index < ended ? 'COMPLETED' : index === ended ? 'RUNNING' : 'PENDING',
    message: '',
    startedAt: index <= ended ? at : null,
    endedAt: index < ended ? at : null,
  }));
}

export const lineOf = (text: string) => ({
  at: '2026-11-20T12:00:00.000Z',
  step: 'ApplyBuildComponents' as const,
  component: 'app 1.0.0/1',
  phase: 'build',
  componentStep: 'Say',
  stream: 'stdout' as const,
  text,
});

type Outcome<Kind extends ImageBuildOutcome['kind']> = Extract<ImageBuildOutcome, { kind: Kind }>;

export function failedOf(message: string): Outcome<'failed'> {
  const place = { component: 'app 1.0.0/1', phase: 'build', componentStep: 'Say' };
  return { kind: 'failed', failure: { step: 'ApplyBuildComponents', ...place, message, output: 'what it printed' } };
}

export function availableOf(factsId: string): Outcome<'available'> {
  return {
    kind: 'available',
    factsId,
    osVersion: 'Debian GNU/Linux 12 (bookworm)',
    record: {
      digest: digestOf('a'),
      parent: { reference: 'debian-12-x86/12.15.20260711', digest: digestOf('b'), version: '12.15.20260711' },
      archives: [],
      tools: [],
      timestamp: '2026-11-20T00:00:00.000Z',
      originId: null,
      layers: [{ digest: digestOf('c'), sizeBytes: 1 }],
    },
    containers: [{ region: 'us-east-1', imageUris: ['registry.example/web:1.0.0-1'] }],
  };
}

export async function completeAs(builder: TestNode, order: ImageBuildLease, outcome: ImageBuildOutcome): Promise<void> {
  await builder.patchbay(CompleteImageBuild, { ...leaseOf(order), outcome });
}

export async function submitImageFacts(
  builder: TestNode,
  order: ImageBuildLease,
  facts: NodeFacts = sampleFacts(),
): Promise<string> {
  const submission = { ...submissionOf(facts), imageBuild: leaseOf(order) };
  return (await builder.patchbay(SubmitFacts, submission)).factsId ?? '';
}

/** Lets a builder build the image that comes next, to the end of it. */
export async function buildNext(
  builder: TestNode,
  outcome: 'available' | 'failed' = 'available',
  facts?: NodeFacts,
): Promise<ImageBuildOrder> {
  const order = await takeBuildOf(builder);
  if (outcome === 'failed') await completeAs(builder, order, failedOf('it does not compile'));
  else await completeAs(builder, order, availableOf(await submitImageFacts(builder, order, facts)));
  return order;
}

export async function report(
  builder: TestNode,
  order: ImageBuildLease,
  told: { readonly steps?: ImageBuildStep[]; readonly firstLine?: number; readonly lines?: string[] } = {},
) {
  const { steps = [], firstLine = 0, lines = [] } = told;
  return await builder.patchbay(ReportImageBuild, { ...leaseOf(order), steps, firstLine, lines: lines.map(lineOf) });
}
