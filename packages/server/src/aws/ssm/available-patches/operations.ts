import type {
  DescribeAvailablePatchesRequest,
  DescribeAvailablePatchesResult,
  DescribeEffectivePatchesForPatchBaselineRequest,
  DescribeEffectivePatchesForPatchBaselineResult,
} from '@aws-sdk/client-ssm';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { ssmResource } from '../../../operations/resources.ts';
import { availablePatchErrors } from './errors.ts';
import { readFilters } from './filters.ts';
import type { AvailablePosition } from './repository.ts';
import { type AvailablePatch, listWatchedProducts, pageAvailablePatches, pageEffectivePatches } from './service.ts';

type Patch = NonNullable<CamelCased<DescribeAvailablePatchesResult>['patches']>[number];

const mostPatches = 100;

function describePatch({ stored, archive, releasedAt }: AvailablePatch): Patch {
  const { name, architecture, version, epoch, upstreamVersion, revision, priority, filename } = stored;
  return {
    title: `${name}.${architecture}:${version}`,
    name,
    epoch: Number(epoch),
    version: upstreamVersion,
    release: revision,
    arch: architecture,
    product: archive.product,
    vendor: archive.vendor,
    classification: archive.isSecurity ? 'Security' : '',
    severity: priority.charAt(0).toUpperCase() + priority.slice(1),
    repository: archive.repository,
    contentUrl: `${archive.uri}/${filename}`,
    releaseDate: releasedAt === null ? undefined : new Date(releasedAt),
  };
}

function writePosition({ stored }: AvailablePatch): string {
  return [stored.name, stored.architecture, stored.version, stored.archiveKey].join('\n');
}

function readPosition(text: string): AvailablePosition | undefined {
  const [name, architecture, version, archiveKey] = text.split('\n');
  return name && architecture && version && archiveKey ? { name, architecture, version, archiveKey } : undefined;
}

async function DescribeAvailablePatches(
  input: CamelCased<DescribeAvailablePatchesRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeAvailablePatchesResult>> {
  const page = startOfPage('DescribeAvailablePatches', input, context);
  const limit = input.maxResults ?? mostPatches;
  const { archives, conditions } = readFilters(input.filters ?? [], await listWatchedProducts(context));
  const found = await pageAvailablePatches(archives, conditions, readPosition(page.after), limit + 1, context);
  return {
    patches: found.slice(0, limit).map(describePatch),
    nextToken: nextToken(page, found, limit, writePosition),
  };
}

async function DescribeEffectivePatchesForPatchBaseline(
  input: CamelCased<DescribeEffectivePatchesForPatchBaselineRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeEffectivePatchesForPatchBaselineResult>> {
  const page = startOfPage('DescribeEffectivePatchesForPatchBaseline', input, context);
  const limit = input.maxResults ?? mostPatches;
  const found = await pageEffectivePatches(input.baselineId ?? '', readPosition(page.after), limit + 1, context);
  return {
    effectivePatches: found.slice(0, limit).map((each) => {
      const { deploymentStatus, complianceLevel, approvalDate } = each.status;
      return {
        patch: describePatch(each),
        patchStatus: {
          deploymentStatus,
          complianceLevel,
          approvalDate: approvalDate === null ? undefined : new Date(approvalDate),
        },
      };
    }),
    nextToken: nextToken(page, found, limit, writePosition),
  };
}

export const availablePatchOperations = {
  DescribeAvailablePatches: operation({ handle: DescribeAvailablePatches, errors: availablePatchErrors }),
  DescribeEffectivePatchesForPatchBaseline: operation({
    handle: DescribeEffectivePatchesForPatchBaseline,
    errors: availablePatchErrors,
    resource: (input, context) => ssmResource(context, `patchbaseline/${input.baselineId}`),
  }),
};
