import {
  authorizationText,
  type ImageBuildLease,
  type ImageBuildOrder,
  type ImageBuildOutcome,
  type ImageBuildRecord,
  type ImageBuildStep,
  imageBuildSteps,
  type ReportImageBuild,
  type SignedAuthorization,
} from '@patchbay/contracts';
import { contentDigest } from '@patchbay/facts/digest';
import { type MissingPatch, type ResolvedDependency, selectTargets } from '@patchbay/patching';
import type { z } from 'zod';
import {
  findImageById,
  type Image,
  insertBuildLines,
  lockImage,
  lockNextBuild,
  measureBuildLines,
  resetBuildSteps,
  updateBuildStep,
  updateImage,
} from '../../aws/imagebuilder/images/repository.ts';
import type { ImageStatus } from '../../aws/imagebuilder/images/tables.ts';
import { readTags } from '../../aws/ssm/tags/repository.ts';
import { runInTransaction } from '../../database/transaction.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { wakeImageFreshness } from '../image-freshness/wake.ts';
import { findNewestVerdict } from '../patch-operations/repository.ts';
import { endImage, endOfLostBuild, tellPipeline } from './end-image.ts';
import { ImageBuildError } from './errors.ts';

type Context = OperationContext;

/** A node takes builds only with this tag, which administrators give. */
export const builderTag = 'patchbay:builder';

/** A builder that says nothing for so long has lost its build. It reports every few seconds. */
export const leaseSeconds = 90;

/** Kept of what a build prints: what comes after is counted and dropped. */
const mostOutputCharacters = 10 * 1024 * 1024;

/** Asked before a node waits for a build. @throws ImageBuildError NOT_A_BUILDER */
export async function requireBuilder(instanceId: string, context: Context): Promise<void> {
  const tags = await readTags(context.db, context, { resourceType: 'ManagedInstance', resourceId: instanceId });
  if (tags[builderTag] === 'true') return;
  throw new ImageBuildError(
    'NOT_A_BUILDER',
    `${instanceId} is no builder: an administrator makes it one with the tag ${builderTag}=true.`,
  );
}

/** Hands the oldest build that nobody holds to a builder, signed for it. */
export async function takeBuild(
  instanceId: string,
  context: Context,
): Promise<{ order: ImageBuildOrder; authorization: SignedAuthorization } | undefined> {
  const now = context.dependencies.clock();
  return await runInTransaction(context.db, async (db) => {
    for (;;) {
      const image = await lockNextBuild(db, context, now);
      if (!image) return undefined;
      const end = endOfLostBuild(image);
      if (end) {
        await endImage(image, end, { db, now });
        continue;
      }
      return await lend(image, instanceId, { ...context, db, now });
    }
  });
}

async function lend(image: Image, instanceId: string, context: Context) {
  const { db, now, dependencies } = context;
  const leaseId = dependencies.randomId();
  const leaseUntil = new Date(now.getTime() + leaseSeconds * 1000);
  await resetBuildSteps(db, image.imageId);
  await updateImage(db, image.imageId, {
    status: 'BUILDING',
    reason: `Builder ${instanceId} builds it.`,
    leaseId,
    leaseInstanceId: instanceId,
    leaseUntil,
    attempts: image.attempts + 1,
    startedAt: image.startedAt ?? now,
  });
  const order: ImageBuildOrder = { ...image.buildOrder, leaseId };
  const { signingKey } = dependencies;
  const authorization = {
    kind: 'image-build',
    nodeId: instanceId,
    imageId: image.imageId,
    orderDigest: contentDigest(order),
    expiresAt: leaseUntil.toISOString(),
  } as const;
  const signature = signingKey.sign(authorizationText(authorization));
  return { order, authorization: { authorization, keyId: signingKey.keyId, signature } };
}

/** The build that a builder holds, locked. @throws ImageBuildError LEASE_LOST */
async function requireLease(
  instanceId: string,
  { imageId, leaseId }: ImageBuildLease,
  context: Context,
): Promise<Image> {
  const image = await lockImage(context.db, imageId);
  if (isHeld(image, instanceId, leaseId, context)) return image;
  throw leaseLost(imageId);
}

function isHeld(
  image: Image | undefined,
  instanceId: string,
  leaseId: string,
  { accountId, region }: Context,
): image is Image {
  return (
    image?.accountId === accountId &&
    image.region === region &&
    image.leaseInstanceId === instanceId &&
    image.leaseId === leaseId
  );
}

function leaseLost(imageId: string): ImageBuildError {
  return new ImageBuildError('LEASE_LOST', `The build of ${imageId} is not this builder's any more: stop it.`);
}

/** Which image a builder speaks for. @throws ImageBuildError LEASE_LOST */
export async function requireImageSubject(
  instanceId: string,
  { imageId, leaseId }: ImageBuildLease,
  context: Context,
): Promise<string> {
  const image = await findImageById(context.db, imageId);
  if (isHeld(image, instanceId, leaseId, context)) return imageId;
  throw leaseLost(imageId);
}

/** The status of an image whose build is at some step. */
function statusOf(steps: readonly ImageBuildStep[]): ImageStatus {
  const running = steps.findLast(({ status }) => status !== 'PENDING' && status !== 'SKIPPED');
  const workflow = imageBuildSteps.find(({ name }) => name === running?.name)?.workflow;
  return workflow === 'DISTRIBUTION' ? 'DISTRIBUTING' : workflow === 'TEST' ? 'TESTING' : 'BUILDING';
}

type Report = z.output<typeof ReportImageBuild.input>;

/** Keeps what a build says of itself, and its lease. */
export async function reportBuild(
  instanceId: string,
  report: Report,
  context: Context,
): Promise<{ isCancelled: boolean; leaseSeconds: number }> {
  const { db, now } = context;
  const image = await requireLease(instanceId, report, context);
  const { imageId } = image;
  // A report that was long under way would make a build that has ended seem to go on.
  if (image.endedAt !== null) throw leaseLost(imageId);
  for (const step of report.steps) await updateBuildStep(db, imageId, step);
  const status = report.steps.length === 0 ? image.status : statusOf(report.steps);
  await updateImage(db, imageId, { status, leaseUntil: new Date(now.getTime() + leaseSeconds * 1000) });
  await keepLines(imageId, report, context);
  return { isCancelled: image.cancelRequestedAt !== null, leaseSeconds };
}

async function keepLines(imageId: string, { lines, firstLine }: Report, { db }: Context): Promise<void> {
  if (lines.length === 0) return;
  const kept = await measureBuildLines(db, imageId);
  let room = mostOutputCharacters - kept.characters;
  const rows = lines.map((line, index) => ({ imageId, number: firstLine + index, ...line, at: new Date(line.at) }));
  const fitting = rows.filter(({ text }) => (room -= text.length) >= 0);
  await insertBuildLines(db, fitting);
}

/** Ends a build as its builder says. The same end again changes nothing. */
export async function completeBuild(
  instanceId: string,
  lease: ImageBuildLease,
  outcome: ImageBuildOutcome,
  context: Context,
): Promise<void> {
  const image = await requireLease(instanceId, lease, context);
  if (image.endedAt !== null) return;
  const { db, now } = context;
  if (outcome.kind === 'cancelled') {
    await endImage(image, { status: 'CANCELLED', message: 'It was cancelled.' }, context);
    return;
  }
  if (outcome.kind === 'failed') {
    const { failure } = outcome;
    await updateImage(db, image.imageId, { failure: JSON.stringify(failure) });
    await endImage(image, { status: 'FAILED', message: describeFailure(failure) }, context);
    return;
  }
  const { factsId, osVersion, record, containers } = outcome;
  await updateImage(db, image.imageId, {
    status: 'AVAILABLE',
    reason: null,
    factsId,
    osVersion,
    record: JSON.stringify(record),
    containers: JSON.stringify(containers),
    dependencies: JSON.stringify(withParent(image, record)),
    lackedWhenBuilt: JSON.stringify(await findLacking(image.imageId, db)),
    leaseUntil: null,
    endedAt: now,
  });
  await tellPipeline(image, 'AVAILABLE', db);
  await wakeImageFreshness(db, context.dependencies);
}

/** The approved patches that the scan of the finished root found missing. */
async function findLacking(imageId: string, db: Context['db']): Promise<MissingPatch[]> {
  const verdict = await findNewestVerdict(db, imageId);
  return selectTargets(verdict ?? { items: [] }).map(({ name, version }) => ({ name, version }));
}

/** What only the builder knew: which base image, or which image of a registry, it was built on. */
function withParent({ dependencies, buildOrder }: Image, { parent }: ImageBuildRecord): ResolvedDependency[] {
  const known =
    buildOrder.parent.kind === 'managed' ? parent.reference : `${parent.reference.split('@')[0]}@${parent.digest}`;
  return dependencies.map((each) => (each.kind === 'parent' ? { ...each, resolved: each.resolved ?? known } : each));
}

/** `Component app, phase test, step Check: …`. */
export function describeFailure(failure: Extract<ImageBuildOutcome, { kind: 'failed' }>['failure']): string {
  const { step, component, phase, componentStep, message } = failure;
  const place = [
    component === '' ? '' : `component ${component}`,
    phase === '' ? '' : `phase ${phase}`,
    componentStep === '' ? '' : `step ${componentStep}`,
  ].filter((part) => part !== '');
  return `${step}${place.length === 0 ? '' : ` (${place.join(', ')})`}: ${message}`;
}
