import { GetImageFreshness, type ImageFreshnessSummary, ListImageFreshness } from '@patchbay/contracts';
import { arnResource } from '../../aws/imagebuilder/arns.ts';
import { findImageBuild, imageArn } from '../../aws/imagebuilder/images/find-image.ts';
import { positionOf } from '../../aws/imagebuilder/images/list-images.ts';
import { publicBaselineId } from '../../aws/ssm/patch-baselines/service.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { nextToken, startOfPage } from '../../operations/pages.ts';
import { fulfil } from '../../operations/registry.ts';
import { imageFreshnessErrors } from './errors.ts';
import { findWithFreshness, type ImageWithFreshness, listWithFreshness } from './list.ts';
import { listChanges, readNotedVerdicts, type StoredChange } from './repository.ts';
import type { NotedVerdict } from './tables.ts';

const mostChanges = 100;

function summarize(image: ImageWithFreshness, context: OperationContext): ImageFreshnessSummary {
  return {
    imageBuildVersionArn: imageArn(image),
    imageId: image.imageId,
    name: image.name,
    version: `${image.version}/${image.buildNumber}`,
    osVersion: image.osVersion,
    builtAt: image.endedAt?.toISOString() ?? null,
    freshness: image.freshness ?? 'unknown',
    why: image.why ?? 'Nobody has looked at it yet; that takes a minute at most.',
    missingCount: image.missingCount ?? 0,
    since: image.since?.toISOString() ?? null,
    evaluatedAt: image.evaluatedAt?.toISOString() ?? null,
    validUntil: image.validUntil?.toISOString() ?? null,
    patchGroup: image.patchGroup ?? '',
    baselineId: image.baselineId === null ? null : publicBaselineId(context, image.baselineId),
    baselineRevision: image.baselineRevision,
    isWatched: image.isWatched ?? false,
    offersAsOf: image.offersAsOf?.toISOString() ?? null,
  };
}

function describeChange(change: StoredChange, verdict: NotedVerdict | undefined) {
  const { changedAt, fromFreshness, toFreshness, why } = change;
  const patches = (verdict?.faults ?? []).map(({ name, architecture, installedVersion, targetVersion, state }) => ({
    name,
    architecture,
    installedVersion,
    targetVersion,
    state,
  }));
  return { at: changedAt.toISOString(), from: fromFreshness, to: toFreshness, why, patches };
}

/** How images age, for people and their tools. */
export const imageFreshnessContracts = [
  fulfil(ListImageFreshness, {
    handle: async (input, context) => {
      const page = startOfPage('ListImageFreshness', input, context);
      const limit = input.maxResults ?? 50;
      const found = await listWithFreshness(context.db, context, {
        reach: context.reach,
        names: input.names,
        freshness: input.freshness,
        isNewestOnly: input.newestBuildOnly === true,
        after: page.after,
        limit: limit + 1,
      });
      return {
        images: found.slice(0, limit).map((image) => summarize(image, context)),
        nextToken: nextToken(page, found, limit, positionOf),
      };
    },
  }),
  fulfil(GetImageFreshness, {
    errors: imageFreshnessErrors,
    resource: ({ imageBuildVersionArn }) => arnResource(imageBuildVersionArn),
    handle: async ({ imageBuildVersionArn }, context) => {
      const { db, accountId } = context;
      const { imageId } = await findImageBuild(imageBuildVersionArn, context);
      const image = await findWithFreshness(db, context, imageId);
      if (!image) throw new Error(`The image ${imageId} is gone`);
      const changes = await listChanges(db, imageId, mostChanges);
      const digests = [image.verdictDigest ?? [], changes.map(({ verdictDigest }) => verdictDigest)].flat();
      const verdicts = await readNotedVerdicts(db, accountId, digests);
      const verdict = verdicts.get(image.verdictDigest ?? '');
      return {
        image: summarize(image, context),
        counts: verdict?.counts ?? null,
        unknownReasons: [...(verdict?.unknownReasons ?? [])],
        faults: [...(verdict?.faults ?? [])],
        others: [...(verdict?.others ?? [])],
        history: changes.map((change) => describeChange(change, verdicts.get(change.verdictDigest))),
      };
    },
  }),
];
