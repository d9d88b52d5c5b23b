import type {
  ListImageScanFindingAggregationsRequest,
  ListImageScanFindingAggregationsResponse,
  ListImageScanFindingsRequest,
  ListImageScanFindingsResponse,
} from '@aws-sdk/client-imagebuilder';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { startOfPage } from '../../../operations/pages.ts';
import { readFilters } from '../filters.ts';

const findingFilterNames = ['imageBuildVersionArn', 'imagePipelineArn', 'severity', 'vulnerabilityId'] as const;
/** Also what findings are counted by (ListImageScanFindingAggregations). */
const aggregationTypes = ['accountId', 'imageBuildVersionArn', 'imagePipelineArn', 'vulnerabilityId'] as const;

/** Nothing here looks for vulnerabilities: what an image lacks is judged by its baseline (`Patchbay.GetImageFreshness`). */
async function ListImageScanFindings(
  input: CamelCased<ListImageScanFindingsRequest>,
  context: OperationContext,
): Promise<CamelCased<ListImageScanFindingsResponse>> {
  readFilters(input.filters, findingFilterNames);
  startOfPage('ListImageScanFindings', input, context);
  return { requestId: context.requestId, findings: [] };
}

async function ListImageScanFindingAggregations(
  input: CamelCased<ListImageScanFindingAggregationsRequest>,
  context: OperationContext,
): Promise<CamelCased<ListImageScanFindingAggregationsResponse>> {
  const [filter] = readFilters(input.filter ? [input.filter] : [], aggregationTypes);
  startOfPage('ListImageScanFindingAggregations', input, context);
  return { requestId: context.requestId, aggregationType: filter?.name ?? 'accountId', responses: [] };
}

export const scanFindingOperations = {
  ListImageScanFindings: operation({ handle: ListImageScanFindings }),
  ListImageScanFindingAggregations: operation({ handle: ListImageScanFindingAggregations }),
};
