import type {
  CreateActivationRequest,
  CreateActivationResult,
  DeleteActivationRequest,
  DescribeActivationsRequest,
  DescribeActivationsResult,
} from '@aws-sdk/client-ssm';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type EmptyResult, type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { ssmResource } from '../../../operations/resources.ts';
import { ActivationError, activationErrors } from './errors.ts';
import { type Activation, listActivations } from './repository.ts';
import { createActivation, deleteActivation } from './service.ts';

type Described = CamelCased<NonNullable<DescribeActivationsResult['ActivationList']>[number]>;

function describeActivation(activation: Activation, now: Date): Described {
  const tags = Object.entries(activation.tags).map(([key, value]) => ({ key, value }));
  return {
    activationId: activation.activationId,
    description: activation.description ?? undefined,
    defaultInstanceName: activation.defaultInstanceName ?? undefined,
    iamRole: activation.iamRole,
    registrationLimit: activation.registrationLimit,
    registrationsCount: activation.registrationsCount,
    expirationDate: activation.expirationDate,
    expired: activation.expirationDate <= now,
    createdDate: activation.createdDate,
    tags: tags.length > 0 ? tags : undefined,
  };
}

async function CreateActivation(
  input: CamelCased<CreateActivationRequest>,
  context: OperationContext,
): Promise<CamelCased<CreateActivationResult>> {
  const { iamRole = '', description, defaultInstanceName, registrationLimit, expirationDate, tags } = input;
  const given = (tags ?? []).map(({ key = '', value = '' }) => ({ key, value }));
  return await createActivation(
    { iamRole, description, defaultInstanceName, registrationLimit, expirationDate, tags: given },
    context,
  );
}

async function DescribeActivations(
  input: CamelCased<DescribeActivationsRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeActivationsResult>> {
  const wanted = new Map<string, string[]>();
  for (const { filterKey, filterValues } of input.filters ?? []) {
    if (!filterKey || !filterValues?.length) {
      throw new ActivationError('ACTIVATION_FILTER', 'A filter needs a FilterKey and FilterValues.');
    }
    wanted.set(filterKey, [...(wanted.get(filterKey) ?? []), ...filterValues]);
  }
  const limit = input.maxResults ?? 50;
  const page = startOfPage('DescribeActivations', input, context);
  const found = await listActivations(context.db, context, {
    activationIds: wanted.get('ActivationIds'),
    iamRoles: wanted.get('IamRole'),
    defaultInstanceNames: wanted.get('DefaultInstanceName'),
    afterActivationId: page.after,
    limit: limit + 1,
  });
  return {
    activationList: found.slice(0, limit).map((activation) => describeActivation(activation, context.now)),
    nextToken: nextToken(page, found, limit, (activation) => activation.activationId),
  };
}

async function DeleteActivation(
  input: CamelCased<DeleteActivationRequest>,
  context: OperationContext,
): Promise<EmptyResult> {
  await deleteActivation(input.activationId ?? '', context);
  return {};
}

export const activationOperations = {
  CreateActivation: operation({ handle: CreateActivation, errors: activationErrors }),
  DescribeActivations: operation({ handle: DescribeActivations, errors: activationErrors }),
  DeleteActivation: operation({
    handle: DeleteActivation,
    errors: activationErrors,
    resource: (input, context) => ssmResource(context, `activation/${input.activationId}`),
  }),
};
