import type { DescribeInstanceInformationRequest, DescribeInstancePropertiesRequest } from '@aws-sdk/client-ssm';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { InstanceError } from './errors.ts';
import { onlineSince } from './presence.ts';
import {
  type ColumnOperator,
  findNodesByTags,
  findUnknownNodes,
  type NodeQuery,
  type TagCondition,
} from './repository.ts';

type Filters = Pick<NodeQuery, 'instanceIds' | 'namesNodes' | 'columns' | 'ping'>;

interface Filter {
  readonly key: string;
  readonly values: readonly string[];
  readonly operator: ColumnOperator;
}

const columns = new Map<string, Filters['columns'][number]['column']>([
  ['ActivationIds', 'activationId'],
  ['AgentVersion', 'agentVersion'],
  ['IamRole', 'iamRole'],
  ['PlatformType', 'platformType'],
  ['PlatformTypes', 'platformType'],
  ['PlatformName', 'platformName'],
  ['PlatformVersion', 'platformVersion'],
]);

/** What every node here is; a filter for anything else finds none. */
const constants = new Map([
  ['ResourceType', 'ManagedInstance'],
  ['SourceTypes', 'AWS::SSM::ManagedInstance'],
]);

/** The two lists of filters of an operation as one; the older one names its members in lower case. */
function joinLists(newer: readonly Filter[], older: readonly Filter[], names: string): readonly Filter[] {
  if (newer.length > 0 && older.length > 0) {
    throw new InstanceError('INSTANCE_FILTER_KEY', `${names} cannot be used together.`);
  }
  return [...newer, ...older];
}

/** Turns the filters of DescribeInstanceInformation into a query: filters are joined by AND, their values by OR. */
export async function readInstanceFilters(
  input: CamelCased<DescribeInstanceInformationRequest>,
  context: Context,
): Promise<Filters> {
  const newer = (input.filters ?? []).map(({ key = '', values = [] }) => ({ key, values, operator: 'Equal' as const }));
  const older = (input.instanceInformationFilterList ?? []).map(({ key = '', valueSet = [] }) => ({
    key,
    values: valueSet,
    operator: 'Equal' as const,
  }));
  return await readFilters(joinLists(newer, older, 'Filters and InstanceInformationFilterList'), context);
}

/** The same for DescribeInstanceProperties, whose newer filters bring an operator along. */
export async function readPropertyFilters(
  input: CamelCased<DescribeInstancePropertiesRequest>,
  context: Context,
): Promise<Filters> {
  const newer = (input.filtersWithOperator ?? []).map(({ key = '', values = [], operator = 'Equal' }) => ({
    key,
    values,
    operator,
  }));
  const older = (input.instancePropertyFilterList ?? []).map(({ key = '', valueSet = [] }) => ({
    key,
    values: valueSet,
    operator: 'Equal' as const,
  }));
  return await readFilters(joinLists(newer, older, 'FiltersWithOperator and InstancePropertyFilterList'), context);
}

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region' | 'now'>;

/** Named nodes must be there; one that has not reported yet is, and is not shown (SSM API, InvalidInstanceId). */
async function requireNodes(instanceIds: readonly string[], context: Context): Promise<readonly string[]> {
  const unknown = await findUnknownNodes(context.db, context, instanceIds);
  if (unknown.length === 0) return instanceIds;
  throw new InstanceError('INSTANCE_ID', `There is no registered node ${unknown.join(', ')}.`);
}

async function readFilters(filters: readonly Filter[], context: Context): Promise<Filters> {
  let instanceIds: readonly string[] | undefined;
  let ping: Filters['ping'];
  const found: Filters['columns'][number][] = [];
  const tags: TagCondition[] = [];
  const narrow = (ids: readonly string[]) => {
    instanceIds = instanceIds ? instanceIds.filter((id) => ids.includes(id)) : ids;
  };
  for (const { key, values, operator } of filters) {
    if (values.length === 0) throw new InstanceError('INSTANCE_FILTER_VALUE', `The filter ${key} needs values.`);
    const column = columns.get(key);
    const constant = constants.get(key);
    if (column === undefined && operator !== 'Equal') {
      const comparable = [...columns.keys()].join(', ');
      throw new InstanceError('INSTANCE_FILTER_KEY', `${operator} can compare ${comparable}, not ${key}.`);
    }
    if (column !== undefined) found.push({ column, operator, values });
    else if (key === 'InstanceIds') narrow(await requireNodes(values, context));
    else if (key === 'SourceIds') narrow(values);
    else if (key === 'PingStatus') {
      const wantsOnline = values.includes('Online');
      const wantsLost = values.includes('ConnectionLost');
      const state = wantsOnline ? 'online' : 'lost';
      const excludesAll = wantsOnline === wantsLost ? !wantsOnline : ping !== undefined && ping.state !== state;
      if (excludesAll) narrow([]);
      else if (wantsOnline !== wantsLost) ping = { state, since: onlineSince(context.now) };
    } else if (key.startsWith('tag:')) tags.push({ keys: [key.slice('tag:'.length)], values });
    else if (key === 'tag-key') tags.push({ keys: values, values: [] });
    else if (constant !== undefined) {
      if (!values.includes(constant)) narrow([]);
    } else if (key === 'AssociationStatus' || key === 'DocumentName') narrow([]);
    else throw new InstanceError('INSTANCE_FILTER_KEY', `${key} is not a key that nodes can be filtered by.`);
  }
  const namesNodes = instanceIds !== undefined;
  if (tags.length > 0) narrow(await findNodesByTags(context.db, context, tags));
  return { instanceIds, namesNodes, columns: found, ping };
}
