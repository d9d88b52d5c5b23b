import type { Principal } from './principal.ts';

/** What an operation acts on. `instanceId` is set where the resource is, or belongs to, one node. */
export interface Resource {
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly instanceId?: string | undefined;
}

/** What each role may do; a trailing `*` stands for any rest. Everything else is denied. */
const rolePermissions: Readonly<Record<string, readonly string[]>> = {
  administrator: ['ssm:*', 'patchbay:*', 'sts:GetCallerIdentity'],
};

/** What people may never do with their own keys: speak as a node. */
const nodeOnlyPermissions: ReadonlySet<string> = new Set([
  'ssm:RegisterManagedInstance',
  'ssm:RequestManagedInstanceRoleToken',
  'ssm:UpdateManagedInstancePublicKey',
  'ssm:UpdateInstanceInformation',
  'ec2messages:AcknowledgeMessage',
  'ec2messages:DeleteMessage',
  'ec2messages:FailMessage',
  'ec2messages:GetEndpoint',
  'ec2messages:GetMessages',
  'ec2messages:SendReply',
  'patchbay:BeginPatchOperation',
  'patchbay:CompletePatchOperation',
  'patchbay:GetSigningKey',
  'patchbay:ProposePlan',
  'patchbay:ReportPresence',
  'patchbay:SubmitFacts',
  'patchbay:UploadCommandOutput',
]);

/** What a node may do, always about itself. */
const nodePermissions: ReadonlySet<string> = new Set([
  ...[...nodeOnlyPermissions].filter((permission) => permission !== 'ssm:RegisterManagedInstance'),
  'ssm:GetDocument',
  'ssm:ListInstanceAssociations',
  'sts:GetCallerIdentity',
]);

function isCovered(action: string, pattern: string): boolean {
  return pattern.endsWith('*') ? action.startsWith(pattern.slice(0, -1)) : action === pattern;
}

/** May this principal do this to this resource? Deny by default. */
export function authorize(principal: Principal, action: string, resource: Resource): boolean {
  switch (principal.kind) {
    case 'anonymous':
      return action === 'ssm:RegisterManagedInstance';
    case 'node':
      return (
        nodePermissions.has(action) &&
        (resource.instanceId === undefined || resource.instanceId === principal.instanceId)
      );
    case 'user':
      return (
        !nodeOnlyPermissions.has(action) &&
        (rolePermissions[principal.role] ?? []).some((pattern) => isCovered(action, pattern))
      );
  }
}
