import type {
  DeregisterManagedInstanceRequest,
  DescribeInstanceInformationRequest,
  DescribeInstanceInformationResult,
  DescribeInstancePropertiesRequest,
  DescribeInstancePropertiesResult,
  GetConnectionStatusRequest,
  GetConnectionStatusResponse,
  UpdateManagedInstanceRoleRequest,
} from '@aws-sdk/client-ssm';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type EmptyResult, type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { nodeResource, ssmResource } from '../../../operations/resources.ts';
import { findActivationScope } from '../activations/repository.ts';
import { withdrawCommands } from '../commands/withdraw.ts';
import { instanceErrors } from './errors.ts';
import { readInstanceFilters, readPropertyFilters } from './filters.ts';
import { isOnline } from './presence.ts';
import { findNode, listNodes, type Node } from './repository.ts';
import {
  changeNode,
  deregisterNode,
  findNodeForToken,
  type Ping,
  type Registration,
  recordPing,
  registerNode,
  replacePublicKey,
} from './service.ts';

type Information = CamelCased<NonNullable<DescribeInstanceInformationResult['InstanceInformationList']>[number]>;

/** AWS has no word for a quarantine; the association's members are the only free text that its tools show of a node. */
function describeQuarantine({
  quarantineReason,
}: Node): Pick<Information, 'associationStatus' | 'associationOverview'> {
  if (quarantineReason === null) return {};
  return { associationStatus: 'Quarantined', associationOverview: { detailedStatus: quarantineReason } };
}

function describeNode(node: Node, now: Date): Information {
  return {
    instanceId: node.instanceId,
    pingStatus: isOnline(node, now) ? 'Online' : 'ConnectionLost',
    ...describeQuarantine(node),
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

/** One page of the nodes that a caller sees. */
async function pageNodes(
  name: string,
  input: CamelCased<DescribeInstanceInformationRequest | DescribeInstancePropertiesRequest>,
  filters: Awaited<ReturnType<typeof readInstanceFilters>>,
  context: OperationContext,
) {
  const limit = input.maxResults ?? 10;
  const page = startOfPage(name, input, context);
  const found = await listNodes(context.db, context, {
    ...filters,
    reach: context.reach,
    afterInstanceId: page.after,
    limit: limit + 1,
  });
  return {
    nodes: found.slice(0, limit).map((node) => describeNode(node, context.now)),
    nextToken: nextToken(page, found, limit, (node) => node.instanceId),
  };
}

async function DescribeInstanceInformation(
  input: CamelCased<DescribeInstanceInformationRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeInstanceInformationResult>> {
  const filters = await readInstanceFilters(input, context);
  const { nodes, ...page } = await pageNodes('DescribeInstanceInformation', input, filters, context);
  return { instanceInformationList: nodes, ...page };
}

async function DescribeInstanceProperties(
  input: CamelCased<DescribeInstancePropertiesRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeInstancePropertiesResult>> {
  const filters = await readPropertyFilters(input, context);
  const { nodes, ...page } = await pageNodes('DescribeInstanceProperties', input, filters, context);
  return {
    instanceProperties: nodes.map(({ isLatestVersion: _latest, ...properties }) => properties),
    ...page,
  };
}

/** Whether a command that is sent now reaches the node now; AWS asks it of its sessions, which are not here. */
async function GetConnectionStatus(
  input: CamelCased<GetConnectionStatusRequest>,
  context: OperationContext,
): Promise<CamelCased<GetConnectionStatusResponse>> {
  const { target = '' } = input;
  const node = await findNode(context.db, context, target);
  return { target, status: node && isOnline(node, context.now) ? 'connected' : 'notconnected' };
}

async function UpdateManagedInstanceRole(
  input: CamelCased<UpdateManagedInstanceRoleRequest>,
  context: OperationContext,
): Promise<EmptyResult> {
  await changeNode(input.instanceId ?? '', { iamRole: input.iamRole ?? '' }, context);
  return {};
}

async function UpdateManagedInstancePublicKey(
  input: { readonly newPublicKey: string; readonly newPublicKeyType: string },
  context: OperationContext,
): Promise<EmptyResult> {
  const instanceId = context.principal.kind === 'node' ? context.principal.instanceId : '';
  await replacePublicKey(instanceId, input, context);
  return {};
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
  DescribeInstanceProperties: operation({ handle: DescribeInstanceProperties, errors: instanceErrors }),
  GetConnectionStatus: operation({
    handle: GetConnectionStatus,
    resource: (input, context) => nodeResource(context, input.target ?? ''),
  }),
  UpdateManagedInstanceRole: operation({
    handle: UpdateManagedInstanceRole,
    errors: instanceErrors,
    resource: (input, context) => nodeResource(context, input.instanceId ?? ''),
  }),
  UpdateManagedInstancePublicKey: operation({
    handle: UpdateManagedInstancePublicKey,
    errors: instanceErrors,
    authentication: 'role-token',
  }),
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
