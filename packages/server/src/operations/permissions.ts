import { administrators, type Entry, nobody, operators, type Rule } from './permission-entry.ts';
import { permissionsForBuiltImages } from './permissions-for-built-images.ts';
import { permissionsForImagePipelines } from './permissions-for-image-pipelines.ts';
import { permissionsForImages } from './permissions-for-images.ts';
import { permissionsToLook } from './permissions-to-look.ts';

export type { LimitedUse, Rule } from './permission-entry.ts';

/**
 * Who may do what. What is not in it nobody may do: an operation that is added is denied to everybody until somebody
 * writes it down here, and a test fails until then.
 */
const entries: readonly Entry[] = [
  ...permissionsToLook,

  // People patch.
  {
    what: 'Send commands to nodes: by itself this allows AWS-RunPatchBaseline under the baselines as they are, and patch plans',
    people: operators,
    limited: 'within-reach',
    permissions: ['ssm:SendCommand'],
  },
  {
    what: 'Plan what patching would change on nodes, and carry a plan out',
    people: operators,
    limited: 'within-reach',
    permissions: ['patchbay:ApplyPatchPlan', 'patchbay:CreatePatchPlan'],
  },
  {
    what: 'Cancel commands, under a limit on the nodes within it',
    people: operators,
    limited: 'within-reach',
    permissions: ['ssm:CancelCommand'],
  },
  {
    what: 'Stop what runs in a maintenance window',
    people: operators,
    limited: 'never',
    permissions: ['ssm:CancelMaintenanceWindowExecution'],
  },
  {
    what: 'Stop every start at once, and let them go on',
    people: operators,
    limited: 'never',
    permissions: ['patchbay:ResumeStarts', 'patchbay:StopStarts'],
  },
  {
    what: 'Send any other document, so: run what one likes as root on nodes',
    people: administrators,
    limited: 'within-reach',
    permissions: ['patchbay:RunScripts'],
  },
  {
    what: 'Send AWS-RunPatchBaseline with a baseline or a list of patches of its own',
    people: administrators,
    limited: 'within-reach',
    permissions: ['patchbay:OverrideBaselines'],
  },

  // People decide. Baselines say which archives root installs from; the tags of a node say which baseline it gets and
  // who may see it; an activation makes nodes and tags them.
  {
    what: 'Change baselines and say whom they serve',
    people: administrators,
    limited: 'never',
    permissions: [
      'ssm:CreatePatchBaseline',
      'ssm:DeletePatchBaseline',
      'ssm:DeregisterPatchBaselineForPatchGroup',
      'ssm:RegisterDefaultPatchBaseline',
      'ssm:RegisterPatchBaselineForPatchGroup',
      'ssm:UpdatePatchBaseline',
    ],
  },
  {
    what: 'Say when nothing may be changed, and change something nevertheless',
    people: administrators,
    limited: 'never',
    permissions: ['patchbay:CreateChangeFreeze', 'patchbay:DeleteChangeFreeze', 'patchbay:OverrideChangeFreeze'],
  },
  {
    what: 'Define maintenance windows and whom they reach',
    people: administrators,
    limited: 'never',
    permissions: [
      'ssm:CreateMaintenanceWindow',
      'ssm:DeleteMaintenanceWindow',
      'ssm:DeregisterTargetFromMaintenanceWindow',
      'ssm:RegisterTargetWithMaintenanceWindow',
      'ssm:UpdateMaintenanceWindow',
      'ssm:UpdateMaintenanceWindowTarget',
    ],
  },
  {
    what: 'Say what runs in a maintenance window: by itself this allows what one may send to every node as a command',
    people: operators,
    limited: 'never',
    permissions: [
      'ssm:DeregisterTaskFromMaintenanceWindow',
      'ssm:RegisterTaskWithMaintenanceWindow',
      'ssm:UpdateMaintenanceWindowTask',
    ],
  },
  ...permissionsForImages,
  ...permissionsForBuiltImages,
  ...permissionsForImagePipelines,
  {
    what: 'Change parameters: what commands are sent with',
    people: administrators,
    limited: 'never',
    permissions: [
      'ssm:DeleteParameter',
      'ssm:DeleteParameters',
      'ssm:LabelParameterVersion',
      'ssm:PutParameter',
      'ssm:UnlabelParameterVersion',
    ],
  },
  {
    what: 'Write documents: what they say runs as root on nodes whose policy allows it',
    people: administrators,
    limited: 'never',
    permissions: [
      'ssm:CreateDocument',
      'ssm:DeleteDocument',
      'ssm:ModifyDocumentPermission',
      'ssm:UpdateDocument',
      'ssm:UpdateDocumentDefaultVersion',
    ],
  },
  {
    what: 'Change what counts as a security archive, and what else verdicts depend on',
    people: administrators,
    limited: 'never',
    permissions: ['patchbay:PutPatchSettings'],
  },
  {
    what: 'Say which archives the control plane watches, and whose keys it believes there',
    people: administrators,
    limited: 'never',
    permissions: ['patchbay:AddArchiveWatch', 'patchbay:RefreshArchiveWatch', 'patchbay:RemoveArchiveWatch'],
  },
  {
    what: 'Let nodes in, put them out, end their quarantine, change their name, role and tags',
    people: administrators,
    limited: 'never',
    permissions: [
      'ssm:AddTagsToResource',
      'ssm:CreateActivation',
      'ssm:DeleteActivation',
      'ssm:DeregisterManagedInstance',
      'ssm:RemoveTagsFromResource',
      'ssm:UpdateManagedInstanceRole',
      'patchbay:ReleaseNode',
      'patchbay:RenameNode',
    ],
  },
  {
    what: 'Manage people, their roles and access keys',
    people: administrators,
    limited: 'never',
    permissions: [
      'patchbay:BindUser',
      'patchbay:CreateAccessKey',
      'patchbay:CreateUser',
      'patchbay:DeleteUser',
      'patchbay:RevokeAccessKey',
      'patchbay:RotateAccessKey',
      'patchbay:UnbindUser',
    ],
  },

  // Nodes. People never speak as a node with their own keys.
  {
    what: 'Become a node, with the code of an activation',
    people: nobody,
    limited: 'never',
    anybody: true,
    permissions: ['ssm:RegisterManagedInstance'],
  },
  {
    what: 'Be a node: prove it, say how one is, fetch one’s commands and answer them, hand in facts, patch',
    people: nobody,
    limited: 'never',
    nodes: true,
    permissions: [
      'ssm:ListInstanceAssociations',
      'ssm:RequestManagedInstanceRoleToken',
      'ssm:UpdateInstanceInformation',
      'ssm:UpdateManagedInstancePublicKey',
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
      'patchbay:SubmitChangelogs',
      'patchbay:SubmitFacts',
    ],
  },
  {
    what: 'Say which machine speaks for the node, and hand in outputs that are too long for a reply',
    people: nobody,
    limited: 'never',
    nodes: true,
    permissions: ['patchbay:ReportPresence', 'patchbay:UploadCommandOutput'],
  },
  {
    what: 'Build images: take a build, say how it goes, end it; only nodes that an administrator has tagged as builders',
    people: nobody,
    limited: 'never',
    nodes: true,
    permissions: ['patchbay:CompleteImageBuild', 'patchbay:ReportImageBuild', 'patchbay:TakeImageBuild'],
  },
  {
    what: 'Get the snapshot that a node patches by',
    people: administrators,
    limited: 'never',
    nodes: true,
    permissions: ['ssm:GetDeployablePatchSnapshotForInstance'],
  },
];

function tabulate(): ReadonlyMap<string, Rule> {
  const table = new Map<string, Rule>();
  for (const { permissions, nodes = false, anybody = false, ...rule } of entries) {
    for (const permission of permissions) {
      if (table.has(permission)) throw new Error(`${permission} is decided twice`);
      table.set(permission, { ...rule, nodes, anybody });
    }
  }
  return table;
}

/** The rule of every permission that somebody has decided on. */
export const permissionRules: ReadonlyMap<string, Rule> = tabulate();
