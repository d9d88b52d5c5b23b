import type {
  DescribeInstancePatchesRequest,
  DescribeInstancePatchStatesForPatchGroupRequest,
} from '@aws-sdk/client-ssm';
import type { AwsPatch } from '@patchbay/patching';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { PatchStateError } from './errors.ts';
import type { CountCondition } from './repository.ts';

type Matcher = (patch: AwsPatch, value: string) => boolean;

/** States as filters write them (SSM API, DescribeInstancePatches). */
const states = [
  'Installed',
  'InstalledOther',
  'InstalledPendingReboot',
  'InstalledRejected',
  'Missing',
  'NotApplicable',
  'Failed',
  'AvailableSecurityUpdate',
];
const knownStates = new Set(states.map((state) => state.toLowerCase()));

/** `InstalledOther` and `INSTALLED_OTHER` are the same. */
function bareState(text: string): string {
  return text.replaceAll('_', '').toLowerCase();
}

/** Filters write states in words, replies in capitals; a trailing `*` in a KBId stands for any rest. */
const patchFilters = new Map<string, Matcher>([
  ['State', (patch, value) => bareState(patch.state) === bareState(value)],
  ['KBId', (patch, value) => (value.endsWith('*') ? patch.kbId.startsWith(value.slice(0, -1)) : patch.kbId === value)],
  ['Classification', (patch, value) => patch.classification === value],
  ['Severity', (patch, value) => patch.severity === value],
]);

function invalid(message: string): PatchStateError {
  return new PatchStateError('PATCH_STATE_FILTER', message);
}

/** Reads the filters of DescribeInstancePatches: all must hold, each by any of its values. */
export function readPatchFilters(
  filters: NonNullable<CamelCased<DescribeInstancePatchesRequest>['filters']>,
): (patch: AwsPatch) => boolean {
  const conditions = filters.map(({ key = '', values = [] }) => {
    const matches = patchFilters.get(key);
    if (!matches) throw invalid(`Invalid filter key ${key}, valid keys are: ${[...patchFilters.keys()].join(', ')}.`);
    if (values.length === 0) throw invalid(`The filter ${key} has no values: give at least one.`);
    const wrong = key === 'State' ? values.find((value) => !knownStates.has(bareState(value))) : undefined;
    if (wrong !== undefined) {
      throw invalid(`Invalid filter value ${wrong} for State, valid values are: ${states.join(', ')}.`);
    }
    return (patch: AwsPatch) => values.some((value) => matches(patch, value));
  });
  return (patch) => conditions.every((holds) => holds(patch));
}

/** The keys of InstancePatchStateFilter, and the counts they are about. */
const countKeys = new Map([
  ['InstalledCount', 'installedCount'],
  ['InstalledOtherCount', 'installedOtherCount'],
  ['InstalledPendingRebootCount', 'installedPendingRebootCount'],
  ['InstalledRejectedCount', 'installedRejectedCount'],
  ['MissingCount', 'missingCount'],
  ['FailedCount', 'failedCount'],
  ['UnreportedNotApplicableCount', 'unreportedNotApplicableCount'],
  ['NotApplicableCount', 'notApplicableCount'],
]);

const comparisons = new Map<string, CountCondition['comparison']>([
  ['Equal', '='],
  ['NotEqual', '<>'],
  ['LessThan', '<'],
  ['GreaterThan', '>'],
]);

/** Reads the filters of DescribeInstancePatchStatesForPatchGroup: all must hold, each with one number. */
export function readCountFilters(
  filters: NonNullable<CamelCased<DescribeInstancePatchStatesForPatchGroupRequest>['filters']>,
): CountCondition[] {
  return filters.map(({ key = '', values = [], type = '' }) => {
    const count = countKeys.get(key);
    if (count === undefined) {
      throw invalid(`Invalid filter key ${key}, valid keys are: ${[...countKeys.keys()].join(', ')}.`);
    }
    const comparison = comparisons.get(type);
    if (comparison === undefined) {
      throw invalid(`Invalid filter type ${type}, valid types are: ${[...comparisons.keys()].join(', ')}.`);
    }
    const [text = ''] = values;
    if (values.length !== 1 || !/^\d{1,15}$/.test(text)) {
      throw invalid(`The filter ${key} takes one integer of at least 0, not ${values.join(', ')}.`);
    }
    return { count, comparison, value: Number(text) };
  });
}
