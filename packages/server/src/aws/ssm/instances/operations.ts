import type {
  DeregisterManagedInstanceRequest,
  DescribeInstanceInformationRequest,
  DescribeInstanceInformationResult,
} from '@aws-sdk/client-ssm';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type EmptyResult, type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { nodeResource, ssmResource } from '../../../operations/resources.ts';
import { findActivationScope } from '../activations/repository.ts';
import { withdrawCommands } from '../commands/withdraw.ts';
import { instanceErrors } from './errors.ts';
import { readInstanceFilters } from './filters.ts';
import { listNodes, type Node } from './repository.ts';
import {
  deregisterNode,
  findNodeForToken,
  onlineSince,
  type Ping,
  type Registration,
  recordPing,
  registerNode,
} from './service.ts';

type Information = CamelCased<NonNullable<DescribeInstanceInformationResult['InstanceInformationList']>[number]>;

function describeNode(node: Node, now: Date): Information {
  return {
    instanceId: node.instanceId,
    pingStatus: node.lastPingAt && node.lastPingAt >= onlineSince(now) ? 'Online' : 'ConnectionLost',
    lastPingDateTime: node.lastPingAt ?? undefined,
    agentVersion: node.agentVersion ?? undefined,
    isLatestVersion: true,
    platformType: (node.platformType ?? 'Linux') as Information['platformType'],
    platformName: node.platformName ?? undefined,
    platformVersion: node.platformVersion ?? undefined,
    activationId: node.activationId,
    iamRole: node.iamRole,
    registrationDate: node.registrationDate,
    resourceType: 'ManagedInstance',
    name: node.name ?? undefined,
    ipAddress: node.ipAddress ?? undefined,
    computerName: node.computerName ?? undefined,
    sourceId: node.instanceId,
    sourceType: 'AWS::SSM::ManagedInstance',
  };
}

async function DescribeInstanceInformation(
  input: CamelCased<DescribeInstanceInformationRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeInstanceInformationResult>> {
  const limit = input.maxResults ?? 10;
  const page = startOfPage('DescribeInstanceInformation', input, context);
  const filters = await readInstanceFilters(input, context);
  const found = await listNodes(context.db, context, {
    ...filters,
    reach: context.reach,
    afterInstanceId: page.after,
    limit: limit + 1,
  });
  return {
    instanceInformationList: found.slice(0, limit).map((node) => describeNode(node, context.now)),
    nextToken: nextToken(page, found, limit, (node) => node.instanceId),
  };
}

async function DeregisterManagedInstance(
  input: CamelCased<DeregisterManagedInstanceRequest>,
  context: OperationContext,
): Promise<EmptyResult> {
  const { instanceId = '' } = input;
  await deregisterNode(instanceId, context);
  await withdrawCommands(instanceId, context);
  return {};
}

async function RegisterManagedInstance(
  input: Registration,
  context: OperationContext,
): Promise<{ instanceId: string }> {
  return { instanceId: await registerNode(input, context) };
}

interface RoleToken {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly tokenExpirationDate: Date;
  readonly updateKeyPair: boolean;
}

async function RequestManagedInstanceRoleToken(
  input: { readonly fingerprint: string },
  context: OperationContext,
): Promise<RoleToken> {
  const instanceId = context.principal.kind === 'node' ? context.principal.instanceId : '';
  const node = await findNodeForToken(instanceId, input.fingerprint, context);
  const credentials = context.dependencies.sessionTokens.issue(
    { accountId: node.accountId, region: node.region, instanceId },
    context.now,
  );
  const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = credentials;
  return { accessKeyId, secretAccessKey, sessionToken, tokenExpirationDate: expiresAt, updateKeyPair: false };
}

async function UpdateInstanceInformation(
  input: Ping & { readonly instanceId: string },
  context: OperationContext,
): Promise<EmptyResult> {
  const { agentName, agentVersion, platformType, platformName, platformVersion, ipAddress, computerName } = input;
  await recordPing(
    input.instanceId,
    { agentName, agentVersion, platformType, platformName, platformVersion, ipAddress, computerName },
    context,
  );
  return {};
}

export const instanceOperations = {
  DescribeInstanceInformation: operation({ handle: DescribeInstanceInformation, errors: instanceErrors }),
  DeregisterManagedInstance: operation({
    handle: DeregisterManagedInstance,
    errors: instanceErrors,
    resource: (input, context) => nodeResource(context, input.instanceId ?? ''),
  }),
  RegisterManagedInstance: operation({
    handle: RegisterManagedInstance,
    errors: instanceErrors,
    authentication: 'none',
    scope: (input, context) => findActivationScope(context.db, input.activationId),
    resource: (input, context) => ssmResource(context, `activation/${input.activationId}`),
  }),
  RequestManagedInstanceRoleToken: operation({
    handle: RequestManagedInstanceRoleToken,
    errors: instanceErrors,
    authentication: 'role-token',
    isAudited: false,
  }),
  UpdateInstanceInformation: operation({
    handle: UpdateInstanceInformation,
    errors: instanceErrors,
    resource: (input, context) => nodeResource(context, input.instanceId),
    isAudited: false,
  }),
};
