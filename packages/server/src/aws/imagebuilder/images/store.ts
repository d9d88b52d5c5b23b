import { imageBuildSteps } from '@patchbay/contracts';
import { nameInArn, parseSemanticVersion } from '@patchbay/patching';
import type { Insertable } from 'kysely';
import { buildTopic, buildTopicKey } from '../../../patchbay/image-builds/wake.ts';
import { tagNewResource } from '../../ssm/tags/service.ts';
import type { BuildContext } from './build-context.ts';
import { imageIdOf } from './image-id.ts';
import { findImageById, type Image, insertImage, takeBuildNumber } from './repository.ts';
import { type ImagesTable, imageType } from './tables.ts';

type Row = Insertable<ImagesTable>;
/** What a build is known by. */
type NumberedImage = Pick<
  Row,
  'imageId' | 'accountId' | 'region' | 'arnName' | 'name' | 'version' | 'versionOrder' | 'buildNumber' | 'resourceId'
>;

/** Gives a build of a version its number and its names. */
export async function numberImage(name: string, version: string, context: BuildContext): Promise<NumberedImage> {
  const { db, accountId, region, dependencies } = context;
  const arnName = nameInArn(name);
  const { major, minor, patch } = parseSemanticVersion(version);
  const buildNumber = await takeBuildNumber(db, context, arnName, version);
  return {
    imageId: imageIdOf(dependencies.randomId()),
    accountId,
    region,
    arnName,
    name,
    version,
    versionOrder: [major, minor, patch],
    buildNumber,
    resourceId: `${arnName}/${version}/${buildNumber}`,
  };
}

/** Stores what a builder is to do for an image, with the image's tags, and wakes one. */
export async function storeImage(
  row: Omit<Row, 'status' | 'reason' | 'dateCreated'>,
  tags: Readonly<Record<string, string>>,
  context: BuildContext,
): Promise<Image> {
  const { db, now, dependencies } = context;
  const { imageId, resourceId } = row;
  await insertImage(
    db,
    { ...row, status: 'PENDING', reason: 'It waits for a builder.', dateCreated: now },
    stepsOf(imageId, dependencies.randomId),
  );
  const given = Object.entries(tags).map(([key, value]) => ({ key, value }));
  await tagNewResource({ resourceType: imageType, resourceId }, given, context);
  await dependencies.wake.notify(db, buildTopic, [buildTopicKey(context)]);
  const image = await findImageById(db, imageId);
  if (!image) throw new Error(`The image ${imageId} is gone in the transaction that made it`);
  return image;
}

function stepsOf(imageId: string, randomId: () => string) {
  const workflows = new Map(imageBuildSteps.map(({ workflow }) => [workflow, `wf-${randomId()}`]));
  return imageBuildSteps.map(({ workflow, name, action }, ordinal) => ({
    imageId,
    ordinal,
    workflow,
    workflowExecutionId: workflows.get(workflow) ?? '',
    stepExecutionId: `step-${randomId()}`,
    name,
    action,
    status: 'PENDING' as const,
    message: '',
    startedAt: null,
    endedAt: null,
  }));
}
