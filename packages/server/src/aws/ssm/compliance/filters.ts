import type { ListComplianceItemsRequest } from '@aws-sdk/client-ssm';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { readTime } from '../../../operations/storable-time.ts';
import { ComplianceError } from './errors.ts';

type WireFilters = NonNullable<CamelCased<ListComplianceItemsRequest>['filters']>;

/** What a filter looks at: a text, or a moment; undefined where the subject has none. */
export type Field<Subject> = (subject: Subject) => string | Date | undefined;

function invalid(message: string): ComplianceError {
  return new ComplianceError('COMPLIANCE_FILTER', message);
}

function readMoment(key: string, text: string): number {
  const moment = readTime(text);
  if (moment === null) throw invalid(`The filter ${key} takes a date such as 2026-11-20T12:00:00Z, not ${text}.`);
  return moment.getTime();
}

/** Texts are compared as they are, moments as moments. Only moments come before and after one another. */
function compileFilter(
  key: string,
  type: string,
  values: readonly string[],
): (found: string | Date | undefined) => boolean {
  const isEqual = (found: string | Date | undefined, value: string) =>
    found instanceof Date ? found.getTime() === readMoment(key, value) : found === value;
  switch (type) {
    case 'EQUAL':
      return (found) => values.some((value) => isEqual(found, value));
    case 'NOT_EQUAL':
      return (found) => !values.some((value) => isEqual(found, value));
    case 'BEGIN_WITH':
      return (found) => {
        const text = found instanceof Date ? found.toISOString() : found;
        return text !== undefined && values.some((value) => text.startsWith(value));
      };
    case 'LESS_THAN':
      return (found) => found instanceof Date && values.some((value) => found.getTime() < readMoment(key, value));
    case 'GREATER_THAN':
      return (found) => found instanceof Date && values.some((value) => found.getTime() > readMoment(key, value));
    default:
      throw invalid(`Invalid filter type ${type}.`);
  }
}

/**
 * Reads compliance filters over the fields of a subject: all must hold, each by any of its values (NOT_EQUAL: by none).
 * `times` names the fields that LESS_THAN and GREATER_THAN can be asked of.
 */
export function readComplianceFilters<Subject>(
  filters: WireFilters,
  fields: ReadonlyMap<string, Field<Subject>>,
  times: ReadonlySet<string>,
): (subject: Subject) => boolean {
  const conditions = filters.map(({ key = '', values = [], type = 'EQUAL' }) => {
    const field = fields.get(key);
    if (!field) throw invalid(`Invalid filter key ${key}, valid keys are: ${[...fields.keys()].join(', ')}.`);
    if (values.length === 0) throw invalid(`The filter ${key} has no values: give at least one.`);
    const isOrder = type === 'LESS_THAN' || type === 'GREATER_THAN';
    if (isOrder && !times.has(key))
      throw invalid(`${type} can be asked of ${[...times].join(', ')} only, not of ${key}.`);
    if (times.has(key) && type !== 'BEGIN_WITH') for (const value of values) readMoment(key, value);
    const holds = compileFilter(key, type, values);
    return (subject: Subject) => holds(field(subject));
  });
  return (subject) => conditions.every((holds) => holds(subject));
}
