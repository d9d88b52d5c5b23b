import type {
  DeleteParameterRequest,
  DeleteParametersRequest,
  DeleteParametersResult,
  DescribeParametersRequest,
  DescribeParametersResult,
  GetParameterHistoryRequest,
  GetParameterHistoryResult,
  GetParameterRequest,
  GetParameterResult,
  GetParametersByPathRequest,
  GetParametersByPathResult,
  GetParametersRequest,
  GetParametersResult,
  LabelParameterVersionRequest,
  LabelParameterVersionResult,
  ParameterHistory,
  ParameterMetadata,
  PutParameterRequest,
  PutParameterResult,
  UnlabelParameterVersionRequest,
  UnlabelParameterVersionResult,
  Parameter as WireParameter,
} from '@aws-sdk/client-ssm';
import type { Resource } from '../../../operations/authorize.ts';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type EmptyResult, type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import type { Scope } from '../../../operations/scope.ts';
import { ParameterError, parameterErrors } from './errors.ts';
import { readOldFilters, readParameterFilters } from './filters.ts';
import { listLabels } from './label-repository.ts';
import { labelVersion, unlabelVersion } from './labels.ts';
import { listParameters } from './list-parameters.ts';
import { parameterArn, parameterResource, readAddress, readPath } from './names.ts';
import { findParameter, listVersions, type ParameterVersion } from './repository.ts';
import { showValue } from './secure-values.ts';
import {
  deleteOneParameter,
  deleteParameters,
  findAddressed,
  parameterNotFound,
  putParameter,
  versionNotFound,
} from './service.ts';

/** A parameter as what a call acts on, without the version or label. */
function addressedResource(input: { readonly name?: string | undefined }, context: Scope): Resource {
  const { name = '' } = input;
  return parameterResource(context, readAddress(name, context)?.names[0] ?? name);
}

async function PutParameter(
  input: CamelCased<PutParameterRequest>,
  context: OperationContext,
): Promise<CamelCased<PutParameterResult>> {
  const { name = '', value = '', overwrite = false, tags = [], ...others } = input;
  const given = tags.map((tag) => ({ key: tag.key ?? '', value: tag.value ?? '' }));
  return await putParameter({ name, value, overwrite, tags: given, ...others }, context);
}

function describeParameter(
  version: ParameterVersion,
  withDecryption: boolean,
  context: OperationContext,
  selector?: string,
): CamelCased<WireParameter> {
  return {
    name: version.name,
    type: version.type,
    value: showValue(version, withDecryption, context),
    version: version.version,
    selector,
    lastModifiedDate: version.modifiedAt,
    arn: parameterArn(context, version.name),
    dataType: version.dataType,
  };
}

async function GetParameter(
  input: CamelCased<GetParameterRequest>,
  context: OperationContext,
): Promise<CamelCased<GetParameterResult>> {
  const { name = '', withDecryption = false } = input;
  const found = await findAddressed(name, context);
  if (!found) throw parameterNotFound(name);
  const { version, address } = found;
  if (!version) throw versionNotFound(found.name, address.selectorText ?? '');
  return { parameter: describeParameter(version, withDecryption, context, address.selectorText) };
}

async function GetParameters(
  input: CamelCased<GetParametersRequest>,
  context: OperationContext,
): Promise<CamelCased<GetParametersResult>> {
  const { names = [], withDecryption = false } = input;
  if (new Set(names).size < names.length) {
    throw new ParameterError('PARAMETER_INVALID', 'Names must not hold the same name twice.');
  }
  const parameters: CamelCased<WireParameter>[] = [];
  const invalidParameters: string[] = [];
  for (const name of [...names].sort()) {
    const found = await findAddressed(name, context);
    if (!found?.version) invalidParameters.push(name);
    else parameters.push(describeParameter(found.version, withDecryption, context, found.address.selectorText));
  }
  return { parameters, invalidParameters };
}

async function GetParametersByPath(
  input: CamelCased<GetParametersByPathRequest>,
  context: OperationContext,
): Promise<CamelCased<GetParametersByPathResult>> {
  const { path = '', recursive = false, withDecryption = false, parameterFilters = [] } = input;
  const filters = readParameterFilters('GetParametersByPath', parameterFilters);
  const page = startOfPage('GetParametersByPath', input, context);
  const limit = input.maxResults ?? 10;
  const found = await listParameters(context.db, context, {
    filters: [{ kind: 'path', isRecursive: recursive, paths: [readPath(path)] }, ...filters],
    after: page.after,
    limit: limit + 1,
  });
  return {
    parameters: found.slice(0, limit).map((version) => describeParameter(version, withDecryption, context)),
    nextToken: nextToken(page, found, limit, ({ name }) => name),
  };
}

/** What describing a parameter and its history have in common. */
function describeVersion(version: ParameterVersion) {
  return {
    name: version.name,
    type: version.type,
    keyId: version.keyId ?? undefined,
    lastModifiedDate: version.modifiedAt,
    lastModifiedUser: version.modifiedBy,
    description: version.description ?? undefined,
    allowedPattern: version.allowedPattern ?? undefined,
    version: version.version,
    tier: version.tier,
    // Nothing is sent for the policies that notify, and one that has expired its parameter is gone with it.
    policies: version.policies.map(({ type, text }) => ({
      policyText: text,
      policyType: type,
      policyStatus: 'Pending',
    })),
    dataType: version.dataType,
  } satisfies CamelCased<ParameterMetadata>;
}

async function GetParameterHistory(
  input: CamelCased<GetParameterHistoryRequest>,
  context: OperationContext,
): Promise<CamelCased<GetParameterHistoryResult>> {
  const { withDecryption = false } = input;
  const address = readAddress(input.name ?? '', context);
  const parameter = await findParameter(context.db, context, address?.names ?? []);
  if (!parameter || address?.selector) throw parameterNotFound(input.name ?? '');
  const page = startOfPage('GetParameterHistory', input, context);
  const limit = input.maxResults ?? 50;
  const found = await listVersions(context.db, context, parameter.name, Number(page.after), limit + 1);
  const labels = await listLabels(context.db, context, parameter.name);
  return {
    parameters: found.slice(0, limit).map(
      (version): CamelCased<ParameterHistory> => ({
        ...describeVersion(version),
        value: showValue(version, withDecryption, context),
        labels: labels.filter((each) => each.version === version.version).map(({ label }) => label),
      }),
    ),
    nextToken: nextToken(page, found, limit, ({ version }) => String(version)),
  };
}

async function DescribeParameters(
  input: CamelCased<DescribeParametersRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeParametersResult>> {
  const { filters = [], parameterFilters = [], shared = false } = input;
  if (filters.length > 0 && parameterFilters.length > 0) {
    throw new ParameterError(
      'PARAMETER_INVALID',
      'You can use either Filters or ParameterFilters in a single request.',
    );
  }
  const page = startOfPage('DescribeParameters', input, context);
  const limit = input.maxResults ?? 50;
  const wanted = [...readOldFilters(filters), ...readParameterFilters('DescribeParameters', parameterFilters)];
  // Parameters of other accounts are not shared here.
  const found = shared
    ? []
    : await listParameters(context.db, context, { filters: wanted, after: page.after, limit: limit + 1 });
  return {
    parameters: found.slice(0, limit).map((version) => ({
      ...describeVersion(version),
      arn: parameterArn(context, version.name),
    })),
    nextToken: nextToken(page, found, limit, ({ name }) => name),
  };
}

async function DeleteParameter(
  input: CamelCased<DeleteParameterRequest>,
  context: OperationContext,
): Promise<EmptyResult> {
  await deleteOneParameter(input.name ?? '', context);
  return {};
}

async function DeleteParameters(
  input: CamelCased<DeleteParametersRequest>,
  context: OperationContext,
): Promise<CamelCased<DeleteParametersResult>> {
  return await deleteParameters(input.names ?? [], context);
}

async function LabelParameterVersion(
  input: CamelCased<LabelParameterVersionRequest>,
  context: OperationContext,
): Promise<CamelCased<LabelParameterVersionResult>> {
  const { name = '', parameterVersion, labels = [] } = input;
  const { invalidLabels, version } = await labelVersion(name, parameterVersion, labels, context);
  return { invalidLabels, parameterVersion: version };
}

async function UnlabelParameterVersion(
  input: CamelCased<UnlabelParameterVersionRequest>,
  context: OperationContext,
): Promise<CamelCased<UnlabelParameterVersionResult>> {
  const { name = '', parameterVersion = 0, labels = [] } = input;
  return await unlabelVersion(name, parameterVersion, labels, context);
}

const errors = parameterErrors;
const resource = addressedResource;

export const parameterOperations = {
  PutParameter: operation({ handle: PutParameter, errors, resource }),
  GetParameter: operation({ handle: GetParameter, errors, resource }),
  GetParameters: operation({ handle: GetParameters, errors }),
  GetParametersByPath: operation({ handle: GetParametersByPath, errors }),
  GetParameterHistory: operation({ handle: GetParameterHistory, errors, resource }),
  DescribeParameters: operation({ handle: DescribeParameters, errors }),
  DeleteParameter: operation({ handle: DeleteParameter, errors, resource }),
  DeleteParameters: operation({ handle: DeleteParameters, errors }),
  LabelParameterVersion: operation({ handle: LabelParameterVersion, errors, resource }),
  UnlabelParameterVersion: operation({ handle: UnlabelParameterVersion, errors, resource }),
};
