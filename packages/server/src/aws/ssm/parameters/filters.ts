import { ParameterError } from './errors.ts';
import { readPath } from './names.ts';

/** AWS's ParameterStringFilter, as the wire hands it over. */
export interface WireFilter {
  readonly key?: string | undefined;
  readonly option?: string | undefined;
  readonly values?: readonly string[] | undefined;
}

export type MatchOption = 'Equals' | 'BeginsWith' | 'Contains';

/** All must hold; of the values of one, any. */
export type ParameterFilter =
  | {
      readonly kind: 'text';
      readonly member: 'name' | 'type' | 'keyId' | 'tier' | 'dataType';
      readonly option: MatchOption;
      readonly values: readonly string[];
    }
  | { readonly kind: 'path'; readonly isRecursive: boolean; readonly paths: readonly string[] }
  | {
      readonly kind: 'tag';
      readonly tagKey: string;
      readonly option: MatchOption;
      /** None: the key alone. */
      readonly values: readonly string[];
    }
  | { readonly kind: 'label'; readonly values: readonly string[] };

interface KeyRule {
  readonly member: Extract<ParameterFilter, { kind: 'text' }>['member'];
  readonly options: readonly MatchOption[];
  /** Those that there are, where they are few. */
  readonly values?: readonly string[];
}

const equalsOrBegins: readonly MatchOption[] = ['Equals', 'BeginsWith'];

const types = ['String', 'StringList', 'SecureString'];

/** DescribeParameters: all but Label; GetParametersByPath: Type, KeyId and Label (SSM API, ParameterStringFilter). */
const keysOf = {
  DescribeParameters: new Map<string, KeyRule>([
    ['Name', { member: 'name', options: ['Equals', 'BeginsWith', 'Contains'] }],
    ['Type', { member: 'type', options: equalsOrBegins, values: types }],
    ['KeyId', { member: 'keyId', options: equalsOrBegins }],
    ['Tier', { member: 'tier', options: equalsOrBegins, values: ['Standard', 'Advanced', 'Intelligent-Tiering'] }],
    ['DataType', { member: 'dataType', options: equalsOrBegins }],
  ]),
  GetParametersByPath: new Map<string, KeyRule>([
    ['Type', { member: 'type', options: equalsOrBegins, values: types }],
    ['KeyId', { member: 'keyId', options: equalsOrBegins }],
  ]),
} as const;

export type FilteredOperation = keyof typeof keysOf;

function readOption<Option extends string>(text: string | undefined, options: readonly [Option, ...Option[]]): Option {
  const option = text === undefined ? options[0] : options.find((each) => each === text);
  if (option !== undefined) return option;
  throw new ParameterError(
    'PARAMETER_FILTER_OPTION',
    `The following filter option is not valid: ${text}. Valid options include: [${options.join(', ')}].`,
  );
}

function requireValues(key: string, values: readonly string[], known: readonly string[] | undefined): void {
  if (values.length === 0) {
    throw new ParameterError('PARAMETER_FILTER_VALUE', `The filter ${key} has no values: give at least one.`);
  }
  const wrong = known && values.find((value) => !known.includes(value));
  if (wrong !== undefined) {
    throw new ParameterError(
      'PARAMETER_FILTER_VALUE',
      `The following filter value is not valid: ${wrong}. Valid values include: [${known?.join(', ')}].`,
    );
  }
}

function readFilter(operation: FilteredOperation, { key = '', option, values = [] }: WireFilter): ParameterFilter {
  const rules = keysOf[operation];
  if (operation === 'DescribeParameters' && key.startsWith('tag:') && key.length > 'tag:'.length) {
    return {
      kind: 'tag',
      tagKey: key.slice('tag:'.length),
      option: readOption(option, ['Equals', 'BeginsWith']),
      values,
    };
  }
  if (operation === 'DescribeParameters' && key === 'Path') {
    const isRecursive = readOption(option, ['OneLevel', 'Recursive']) === 'Recursive';
    requireValues(key, values, undefined);
    return { kind: 'path', isRecursive, paths: values.map(readPath) };
  }
  if (operation === 'GetParametersByPath' && key === 'Label') {
    readOption(option, ['Equals']);
    requireValues(key, values, undefined);
    return { kind: 'label', values };
  }
  const rule = rules.get(key);
  if (!rule) {
    const special = operation === 'DescribeParameters' ? ['Path', 'tag:KEY'] : ['Label'];
    throw new ParameterError(
      'PARAMETER_FILTER_KEY',
      `The following filter key is not valid: ${key}. Valid filter keys include: [${[...rules.keys(), ...special].join(', ')}].`,
    );
  }
  const [first = 'Equals', ...others] = rule.options;
  const chosen = readOption(option, [first, ...others]);
  requireValues(key, values, chosen === 'Equals' ? rule.values : undefined);
  return { kind: 'text', member: rule.member, option: chosen, values };
}

/** Reads ParameterFilters; a key may be given once. */
export function readParameterFilters(operation: FilteredOperation, filters: readonly WireFilter[]): ParameterFilter[] {
  const seen = new Set<string>();
  for (const { key = '' } of filters) {
    if (seen.has(key)) {
      throw new ParameterError('PARAMETER_FILTER_KEY', `The filter ${key} is given more than once.`);
    }
    seen.add(key);
  }
  return filters.map((filter) => readFilter(operation, filter));
}

/** The old member Filters of DescribeParameters knows Name, by its beginning, Type and KeyId. */
export function readOldFilters(filters: readonly WireFilter[]): ParameterFilter[] {
  return readParameterFilters(
    'DescribeParameters',
    filters.map(({ key, values }) => ({ key, values, option: key === 'Name' ? 'BeginsWith' : 'Equals' })),
  );
}
