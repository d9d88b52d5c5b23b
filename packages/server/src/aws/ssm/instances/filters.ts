import type { DescribeInstanceInformationRequest } from '@aws-sdk/client-ssm';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { InstanceError } from './errors.ts';
import { findNodesByTags, type NodeQuery, type TagCondition } from './repository.ts';
import { onlineSince } from './service.ts';

type Filters = Pick<NodeQuery, 'instanceIds' | 'columns' | 'ping'>;

const columns = new Map<string, Filters['columns'][number]['column']>([
  ['ActivationIds', 'activationId'],
  ['AgentVersion', 'agentVersion'],
  ['IamRole', 'iamRole'],
  ['PlatformType', 'platformType'],
  ['PlatformTypes', 'platformType'],
]);

/** What every node here is; a filter for anything else finds none. */
const constants = new Map([
  ['ResourceType', 'ManagedInstance'],
  ['SourceTypes', 'AWS::SSM::ManagedInstance'],
]);

/** Both lists of filters as one; the older one names its members in lower case. */
function readBothLists(input: CamelCased<DescribeInstanceInformationRequest>): { key: string; values: string[] }[] {
  const newer = (input.filters ?? []).map(({ key = '', values = [] }) => ({ key, values }));
  const older = (input.instanceInformationFilterList ?? []).map(({ key = '', valueSet = [] }) => ({
    key,
    values: valueSet,
  }));
  if (newer.length > 0 && older.length > 0) {
    throw new InstanceError(
      'INSTANCE_FILTER_KEY',
      'Filters and InstanceInformationFilterList cannot be used together.',
    );
  }
  return [...newer, ...older];
}

/** Turns the filters of DescribeInstanceInformation into a query: filters are joined by AND, their values by OR. */
export async function readInstanceFilters(
  input: CamelCased<DescribeInstanceInformationRequest>,
  context: Pick<OperationContext, 'db' | 'accountId' | 'region' | 'now'>,
): Promise<Filters> {
  let instanceIds: readonly string[] | undefined;
  let ping: Filters['ping'];
  const found: Filters['columns'][number][] = [];
  const tags: TagCondition[] = [];
  const narrow = (ids: readonly string[]) => {
    instanceIds = instanceIds ? instanceIds.filter((id) => ids.includes(id)) : ids;
  };
  for (const { key, values } of readBothLists(input)) {
    if (values.length === 0) throw new InstanceError('INSTANCE_FILTER_VALUE', `The filter ${key} needs values.`);
    const column = columns.get(key);
    const constant = constants.get(key);
    if (column !== undefined) found.push({ column, values });
    else if (key === 'InstanceIds' || key === 'SourceIds') narrow(values);
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
    } else if (key === 'AssociationStatus') narrow([]);
    else throw new InstanceError('INSTANCE_FILTER_KEY', `${key} is not a key that nodes can be filtered by.`);
  }
  if (tags.length > 0) narrow(await findNodesByTags(context.db, context, tags));
  return { instanceIds, columns: found, ping };
}
