import { AppError } from '@patchbay/facts';
import type { ComponentDocument } from './component-document.ts';

/** Values that a component needs and did not get. */
export class ComponentParameterError extends AppError<'MISSING_PARAMETER'> {}

/**
 * The values of a component's parameters and constants by name. Given names that the document does not define are ignored, and
 * nothing overrides a constant (user guide, "Define and reference variables in AWSTOE").
 */
export function resolveComponentVariables(
  { parameters, constants }: ComponentDocument,
  given: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const missing = parameters.filter((each) => each.default === null && !given.has(each.name)).map(({ name }) => name);
  if (missing.length > 0) {
    throw new ComponentParameterError(
      'MISSING_PARAMETER',
      `The component needs a value for ${missing.join(', ')}: there is no default.`,
    );
  }
  return new Map([
    ...parameters.map((each) => [each.name, given.get(each.name) ?? each.default ?? ''] as const),
    ...constants.map(({ name, value }) => [name, value] as const),
  ]);
}
