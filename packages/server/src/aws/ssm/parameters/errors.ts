import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../../operations/operation.ts';
import { tagErrors } from '../tags/errors.ts';

export class ParameterError extends AppError<
  | 'PARAMETER_INVALID'
  | 'PARAMETER_NOT_FOUND'
  | 'PARAMETER_VERSION_NOT_FOUND'
  | 'PARAMETER_EXISTS'
  | 'PARAMETER_BUSY'
  | 'PARAMETER_LIMIT'
  | 'PARAMETER_VERSION_LIMIT'
  | 'PARAMETER_LABEL_LIMIT'
  | 'PARAMETER_LEVELS'
  | 'PARAMETER_TYPE_CHANGED'
  | 'PARAMETER_PATTERN'
  | 'PARAMETER_VALUE_MISMATCH'
  | 'PARAMETER_POLICY_TYPE'
  | 'PARAMETER_POLICY_ATTRIBUTE'
  | 'PARAMETER_POLICY_CONFLICT'
  | 'PARAMETER_POLICY_LIMIT'
  | 'PARAMETER_FILTER_KEY'
  | 'PARAMETER_FILTER_OPTION'
  | 'PARAMETER_FILTER_VALUE'
  | 'PARAMETER_REFERENCE'
> {}

export const parameterErrors: ErrorTable = {
  ...tagErrors,
  PARAMETER_INVALID: 'ValidationException',
  PARAMETER_NOT_FOUND: 'ParameterNotFound',
  PARAMETER_VERSION_NOT_FOUND: 'ParameterVersionNotFound',
  PARAMETER_EXISTS: 'ParameterAlreadyExists',
  PARAMETER_BUSY: 'TooManyUpdates',
  PARAMETER_LIMIT: 'ParameterLimitExceeded',
  PARAMETER_VERSION_LIMIT: 'ParameterMaxVersionLimitExceeded',
  PARAMETER_LABEL_LIMIT: 'ParameterVersionLabelLimitExceeded',
  PARAMETER_LEVELS: 'HierarchyLevelLimitExceededException',
  PARAMETER_TYPE_CHANGED: 'HierarchyTypeMismatchException',
  PARAMETER_PATTERN: 'InvalidAllowedPatternException',
  PARAMETER_VALUE_MISMATCH: 'ParameterPatternMismatchException',
  PARAMETER_POLICY_TYPE: 'InvalidPolicyTypeException',
  PARAMETER_POLICY_ATTRIBUTE: 'InvalidPolicyAttributeException',
  PARAMETER_POLICY_CONFLICT: 'IncompatiblePolicyException',
  PARAMETER_POLICY_LIMIT: 'PoliciesLimitExceededException',
  PARAMETER_FILTER_KEY: 'InvalidFilterKey',
  PARAMETER_FILTER_OPTION: 'InvalidFilterOption',
  PARAMETER_FILTER_VALUE: 'InvalidFilterValue',
};
