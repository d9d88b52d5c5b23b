import { lockDefinitions } from '../../aws/imagebuilder/definitions-lock.ts';
import { endBuildSteps, type Image, updateImage } from '../../aws/imagebuilder/images/repository.ts';
import { recordBuildEnd } from '../../aws/imagebuilder/pipelines/runs.ts';
import type { Database } from '../../database/tables.ts';
import type { OperationContext } from '../../operations/operation.ts';

/** So many builders in a row may be lost over one build. */
const mostAttempts = 3;

/** What becomes of a build whose builder was lost; null where another builder may take it. */
export function endOfLostBuild(image: Pick<Image, 'attempts' | 'cancelRequestedAt' | 'leaseInstanceId'>) {
  const { attempts, cancelRequestedAt, leaseInstanceId } = image;
  if (cancelRequestedAt !== null) {
    return { status: 'CANCELLED', message: `It was cancelled; its builder ${leaseInstanceId} was lost.` } as const;
  }
  if (attempts < mostAttempts) return null;
  const message = `${attempts} builders in a row were lost over it; the last was ${leaseInstanceId}.`;
  return { status: 'FAILED', message } as const;
}

/** Ends an image that will not be available. */
export async function endImage(
  image: Image,
  end: { readonly status: 'FAILED' | 'CANCELLED'; readonly message: string },
  { db, now }: Pick<OperationContext, 'db' | 'now'>,
): Promise<void> {
  const { status, message } = end;
  await endBuildSteps(db, image.imageId, status, message, now);
  await updateImage(db, image.imageId, {
    status,
    reason: message,
    leaseUntil: null,
    endedAt: now,
    endedIn: image.status,
  });
  if (status === 'FAILED') await tellPipeline(image, 'FAILED', db);
}

/** Lets the pipeline that an image is of count how its build ended. */
export async function tellPipeline(image: Image, outcome: 'AVAILABLE' | 'FAILED', db: Database): Promise<void> {
  const { pipelineArn, accountId, region, buildType } = image;
  if (pipelineArn === null) return;
  const key = { accountId, region, arnName: pipelineArn.slice(pipelineArn.lastIndexOf('/') + 1) };
  await lockDefinitions(db, image);
  await recordBuildEnd(key, { startedBy: buildType === 'SCHEDULED' ? 'schedule' : 'person', outcome }, { db });
}
