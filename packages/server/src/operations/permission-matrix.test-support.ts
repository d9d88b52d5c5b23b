import { sampleFacts } from '../test-support/sample-facts.ts';
import { createNodeKey, submissionOf } from '../test-support/test-node.ts';

/** What a call of the matrix is about: one of the two nodes and what belongs to it. */
export interface About {
  readonly instanceId: string;
  readonly commandId: string;
  readonly operationId: string;
  readonly planId: string;
  /** An infrastructure configuration with the tags of the node. */
  readonly configurationArn: string;
  /** A component and recipes with them. */
  readonly componentArn: string;
  readonly containerRecipeArn: string;
  readonly imageRecipeArn: string;
}

/**
 * Who gets through, one letter each:
 * A administrator, O operator, R auditor, all over the whole account;
 * W an operator limited to the tags of the web node, calling about that node; D the same, about the database node;
 * 0 a person without a role; N the web node about itself, M the web node about the database node; X nobody who signs.
 */
export const callers = ['A', 'O', 'R', 'W', 'D', '0', 'N', 'M', 'X'] as const;
export type Caller = (typeof callers)[number];

export interface Row {
  readonly target: string;
  /** What makes this row another than the operation's first. */
  readonly when: string;
  readonly allowed: string;
  /** Valid, so that a call that is not denied gets as far as the operation. */
  readonly input: (about: About) => object;
}

const publicKeyText = createNodeKey().publicKey;
const uuid = '00000000-0000-4000-8000-000000000000';
const noBaseline = 'pb-00000000000000000';
const simulation = { groups: [], refused: [], diskBytes: 0 };
const nothing = () => ({});
const instance = ({ instanceId }: About) => ({ InstanceId: instanceId });
const ofBaseline = () => ({ BaselineId: noBaseline });
const ofWindow = () => ({ WindowId: 'mw-00000000000000000' });
const message = ({ commandId, instanceId }: About) => ({ MessageId: `aws.ssm.${commandId}.${instanceId}` });
const tagged = ({ instanceId }: About) => ({ ResourceType: 'ManagedInstance', ResourceId: instanceId });

const ofExecution = () => ({ WindowExecutionId: uuid });
const ofTask = () => ({ ...ofExecution(), TaskId: uuid });
/** Made by the first row, so that the others find it. */
const parameter = () => ({ Name: '/matrix/secret' });
const decrypted = { WithDecryption: true };

const everyReader = 'AORWD';
/** Of one node: not of the one that the limit leaves out. */
const readerOfNode = 'AORW';
const wholeReader = 'AOR';

function ssm(name: string, allowed: string, input: Row['input'] = nothing, when = 'by itself'): Row {
  return { target: `AmazonSSM.${name}`, allowed, input, when };
}

function patchbay(name: string, allowed: string, input: Row['input']): Row {
  return { target: `Patchbay.${name}`, allowed, input, when: 'by itself' };
}

/** Calls of agents: nobody but a node makes them. */
function messages(name: string, allowed: string, input: Row['input']): Row {
  return { target: `EC2WindowsMessageDeliveryService.${name}`, allowed, input, when: 'by itself' };
}

const patch = (parameters: Record<string, string[]> = {}) => ({
  DocumentName: 'AWS-RunPatchBaseline',
  Parameters: { Operation: ['Scan'], ...parameters },
});

const windowTask = (taskArn: string, parameters: Record<string, string[]>) => ({
  ...ofWindow(),
  TaskType: 'RUN_COMMAND',
  TaskArn: taskArn,
  Targets: [{ Key: 'WindowTargetIds', Values: [uuid] }],
  MaxConcurrency: '1',
  MaxErrors: '0',
  TaskInvocationParameters: { RunCommand: { Parameters: parameters } },
});

/** The expectation, written down apart from the table that it checks. */
export const matrix: readonly Row[] = [
  ssm('AddTagsToResource', 'A', (about) => ({ ...tagged(about), Tags: [{ Key: 'Seen', Value: 'yes' }] })),
  ssm('RemoveTagsFromResource', 'A', (about) => ({ ...tagged(about), TagKeys: ['Seen'] })),
  ssm('ListTagsForResource', readerOfNode, tagged),
  ssm('CreateActivation', 'A', () => ({ IamRole: 'node' })),
  ssm('DescribeActivations', wholeReader),
  ssm('DeleteActivation', 'A', () => ({ ActivationId: uuid })),
  ssm('DescribeInstanceInformation', everyReader),
  ssm('DeregisterManagedInstance', 'A', () => ({ InstanceId: 'mi-00000000000000000' })),
  ssm('UpdateManagedInstanceRole', 'A', (about) => ({ ...instance(about), IamRole: 'node' })),
  ssm('DescribeInstanceProperties', everyReader),
  ssm('GetConnectionStatus', readerOfNode, ({ instanceId }) => ({ Target: instanceId })),
  ssm('DescribeInstanceAssociationsStatus', wholeReader, instance),

  ssm('CreatePatchBaseline', 'A', () => ({ Name: 'matrix', OperatingSystem: 'DEBIAN' })),
  ssm('UpdatePatchBaseline', 'A', ofBaseline),
  ssm('DeletePatchBaseline', 'A', ofBaseline),
  ssm('RegisterDefaultPatchBaseline', 'A', ofBaseline),
  ssm('RegisterPatchBaselineForPatchGroup', 'A', () => ({ ...ofBaseline(), PatchGroup: 'web' })),
  ssm('DeregisterPatchBaselineForPatchGroup', 'A', () => ({ ...ofBaseline(), PatchGroup: 'web' })),
  ssm('GetPatchBaseline', everyReader, ofBaseline),
  ssm('GetDefaultPatchBaseline', everyReader),
  ssm('GetPatchBaselineForPatchGroup', everyReader, () => ({ PatchGroup: 'web' })),
  ssm('DescribePatchBaselines', everyReader),
  ssm('DescribePatchGroups', everyReader),
  ssm('DescribePatchProperties', everyReader, () => ({ OperatingSystem: 'DEBIAN', Property: 'PRODUCT' })),
  ssm('DescribeAvailablePatches', everyReader),
  ssm('DescribeEffectivePatchesForPatchBaseline', everyReader, ofBaseline),

  ssm('CreateMaintenanceWindow', 'A', () => ({
    Name: 'matrix',
    Schedule: 'rate(7 days)',
    Duration: 2,
    Cutoff: 1,
    AllowUnassociatedTargets: true,
  })),
  ssm('UpdateMaintenanceWindow', 'A', ofWindow),
  ssm('DeleteMaintenanceWindow', 'A', ofWindow),
  ssm('RegisterTargetWithMaintenanceWindow', 'A', ({ instanceId }) => ({
    ...ofWindow(),
    ResourceType: 'INSTANCE',
    Targets: [{ Key: 'InstanceIds', Values: [instanceId] }],
  })),
  ssm('UpdateMaintenanceWindowTarget', 'A', () => ({ ...ofWindow(), WindowTargetId: uuid })),
  ssm('DeregisterTargetFromMaintenanceWindow', 'A', () => ({ ...ofWindow(), WindowTargetId: uuid })),
  ssm('RegisterTaskWithMaintenanceWindow', 'AO', () => windowTask('AWS-RunPatchBaseline', { Operation: ['Scan'] })),
  ssm(
    'RegisterTaskWithMaintenanceWindow',
    'A',
    () => windowTask('AWS-RunShellScript', { commands: ['true'] }),
    'it runs a script',
  ),
  ssm(
    'RegisterTaskWithMaintenanceWindow',
    'A',
    () => windowTask('AWS-RunPatchBaseline', { Operation: ['Scan'], BaselineOverride: ['{{ssm:baseline}}'] }),
    'it brings its own baseline',
  ),
  ssm(
    'RegisterTaskWithMaintenanceWindow',
    'A',
    () => ({ ...ofWindow(), TaskType: 'AUTOMATION', TaskArn: 'Runbook' }),
    'it runs an automation',
  ),
  // Whose task it is, and what it runs, is asked once it has been found.
  ssm('UpdateMaintenanceWindowTask', 'AO', () => ({ ...ofWindow(), WindowTaskId: uuid })),
  ssm('DeregisterTaskFromMaintenanceWindow', 'AO', () => ({ ...ofWindow(), WindowTaskId: uuid })),
  ssm('GetMaintenanceWindow', everyReader, ofWindow),
  ssm('GetMaintenanceWindowTask', everyReader, () => ({ ...ofWindow(), WindowTaskId: uuid })),
  ssm('DescribeMaintenanceWindows', everyReader),
  ssm('DescribeMaintenanceWindowTargets', everyReader, ofWindow),
  ssm('DescribeMaintenanceWindowTasks', everyReader, ofWindow),
  ssm('DescribeMaintenanceWindowSchedule', everyReader),
  ssm('DescribeMaintenanceWindowsForTarget', everyReader, ({ instanceId }) => ({
    ResourceType: 'INSTANCE',
    Targets: [{ Key: 'InstanceIds', Values: [instanceId] }],
  })),

  ssm('DescribeInstancePatches', readerOfNode, instance),
  ssm('DescribeInstancePatchStates', everyReader, ({ instanceId }) => ({ InstanceIds: [instanceId] })),
  ssm('DescribeInstancePatchStatesForPatchGroup', everyReader, () => ({ PatchGroup: 'web' })),
  ssm('DescribePatchGroupState', everyReader, () => ({ PatchGroup: 'web' })),
  ssm('GetDeployablePatchSnapshotForInstance', 'AN', (about) => ({ ...instance(about), SnapshotId: uuid })),
  ssm('ListComplianceItems', readerOfNode, ({ instanceId }) => ({ ResourceIds: [instanceId] })),
  ssm('ListComplianceSummaries', everyReader),
  ssm('ListResourceComplianceSummaries', everyReader),

  ssm('SendCommand', 'AOW', ({ instanceId }) => ({ ...patch(), InstanceIds: [instanceId] })),
  ssm(
    'SendCommand',
    'AOWD',
    ({ instanceId }) => ({ ...patch(), Targets: [{ Key: 'tag:Name', Values: [instanceId] }] }),
    'the nodes are chosen by tags, which choose among those within reach',
  ),
  ssm(
    'SendCommand',
    'AOW',
    ({ instanceId }) => ({ ...patch(), Targets: [{ Key: 'InstanceIds', Values: [instanceId] }] }),
    'the targets name nodes',
  ),
  ssm(
    'SendCommand',
    'A',
    ({ instanceId }) => ({
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: [instanceId],
      Parameters: { commands: ['true'] },
    }),
    'it runs a script',
  ),
  ssm(
    'SendCommand',
    'A',
    ({ instanceId }) => ({ ...patch({ BaselineOverride: ['https://x/y'] }), InstanceIds: [instanceId] }),
    'it brings its own baseline',
  ),
  ssm(
    'SendCommand',
    'A',
    ({ instanceId }) => ({ ...patch({ InstallOverrideList: ['https://x/y'] }), InstanceIds: [instanceId] }),
    'it brings its own list',
  ),
  // A command that went only beyond the limit is answered like one that is not there.
  ssm('CancelCommand', 'AOWD', ({ commandId }) => ({ CommandId: commandId })),
  ssm(
    'CancelCommand',
    'AOW',
    ({ commandId, instanceId }) => ({ CommandId: commandId, InstanceIds: [instanceId] }),
    'it names nodes',
  ),
  ssm('ListCommands', everyReader),
  ssm('ListCommandInvocations', everyReader),
  ssm('GetCommandInvocation', readerOfNode, (about) => ({ ...instance(about), CommandId: about.commandId })),
  ssm('DescribeMaintenanceWindowExecutions', wholeReader, () => ({ WindowId: 'mw-00000000000000000' })),
  ssm('GetMaintenanceWindowExecution', wholeReader, ofExecution),
  ssm('DescribeMaintenanceWindowExecutionTasks', wholeReader, ofExecution),
  ssm('GetMaintenanceWindowExecutionTask', wholeReader, ofTask),
  ssm('DescribeMaintenanceWindowExecutionTaskInvocations', wholeReader, ofTask),
  ssm('GetMaintenanceWindowExecutionTaskInvocation', wholeReader, () => ({ ...ofTask(), InvocationId: uuid })),
  ssm('CancelMaintenanceWindowExecution', 'AO', ofExecution),
  ssm('GetDocument', `${everyReader}NM`, () => ({ Name: 'AWS-RunPatchBaseline' })),
  ssm('DescribeDocument', everyReader, () => ({ Name: 'AWS-RunPatchBaseline' })),
  ssm('CreateDocument', 'A', () => ({ Name: 'matrix', Content: '{}' })),
  ssm('UpdateDocument', 'A', () => ({ Name: 'matrix', Content: '{}' })),
  ssm('UpdateDocumentDefaultVersion', 'A', () => ({ Name: 'matrix', DocumentVersion: '1' })),
  ssm('DeleteDocument', 'A', () => ({ Name: 'matrix' })),
  ssm('DescribeDocumentPermission', everyReader, () => ({ Name: 'matrix', PermissionType: 'Share' })),
  ssm('ModifyDocumentPermission', 'A', () => ({ Name: 'matrix', PermissionType: 'Share' })),
  ssm('ListDocumentVersions', everyReader, () => ({ Name: 'AWS-RunPatchBaseline' })),
  ssm('ListDocuments', everyReader),

  ssm('PutParameter', 'A', () => ({ ...parameter(), Value: 'x', Type: 'SecureString', Overwrite: true })),
  ssm('LabelParameterVersion', 'A', () => ({ ...parameter(), Labels: ['matrix'] })),
  ssm('UnlabelParameterVersion', 'A', () => ({ ...parameter(), ParameterVersion: 1, Labels: ['matrix'] })),
  ssm('DescribeParameters', wholeReader),
  ssm('GetParameter', wholeReader, parameter),
  ssm('GetParameters', wholeReader, () => ({ Names: ['/matrix/secret'] })),
  ssm('GetParametersByPath', wholeReader, () => ({ Path: '/matrix' })),
  ssm('GetParameterHistory', wholeReader, parameter),
  ssm('GetParameter', 'A', () => ({ ...parameter(), ...decrypted }), 'it opens a secret'),
  ssm('GetParameters', 'A', () => ({ Names: ['/matrix/secret'], ...decrypted }), 'it opens a secret'),
  ssm('GetParametersByPath', 'A', () => ({ Path: '/matrix', ...decrypted }), 'it opens secrets'),
  ssm('GetParameterHistory', 'A', () => ({ ...parameter(), ...decrypted }), 'it opens secrets'),
  ssm('DeleteParameter', 'A', parameter),
  ssm('DeleteParameters', 'A', () => ({ Names: ['/matrix/secret'] })),

  // It is the code of the activation that counts, not who brings it.
  ssm('RegisterManagedInstance', 'AORWD0NMX', () => ({
    ActivationId: uuid,
    ActivationCode: 'no-code-of-any-activation',
    Fingerprint: uuid,
    PublicKey: publicKeyText,
  })),
  // It takes the signature of the node's own key; those here sign with access keys.
  ssm('RequestManagedInstanceRoleToken', '', () => ({ Fingerprint: uuid })),
  ssm('UpdateManagedInstancePublicKey', '', () => ({ NewPublicKey: publicKeyText, NewPublicKeyType: 'Rsa' })),
  ssm('UpdateInstanceInformation', 'N', instance),
  ssm('ListInstanceAssociations', 'N', instance),
  messages('GetMessages', 'N', ({ instanceId }) => ({ Destination: instanceId, MessagesRequestId: uuid })),
  messages('GetEndpoint', 'N', ({ instanceId }) => ({ Destination: instanceId, Protocol: 'http' })),
  // A message of another node is one that this node never got: it is answered so, not as forbidden.
  messages('AcknowledgeMessage', 'NM', message),
  messages('DeleteMessage', 'NM', message),
  messages('FailMessage', 'NM', (about) => ({ ...message(about), FailureType: 'InternalHandlerException' })),
  messages('SendReply', 'NM', (about) => ({ ...message(about), ReplyId: uuid, Payload: '{}' })),

  // A node's own operations name no node: they are about the caller.
  patchbay('GetSigningKey', 'NM', nothing),
  patchbay('SubmitFacts', 'NM', () => submissionOf(sampleFacts())),
  patchbay('SubmitChangelogs', 'NM', () => ({ operationId: uuid, readings: [] })),
  patchbay('BeginPatchOperation', 'NM', () => ({
    factsId: uuid,
    operation: 'Scan',
    commandId: null,
    rebootOption: 'NoReboot',
    snapshotId: '',
  })),
  patchbay('ProposePlan', 'NM', () => ({ operationId: uuid, simulation })),
  patchbay('ReportPresence', 'NM', () => ({
    state: 'running',
    agentRunId: uuid,
    bootId: '',
    machineIdHash: '',
    agentClock: '2026-11-20T12:00:00.000Z',
  })),
  patchbay('UploadCommandOutput', 'NM', ({ commandId }) => ({
    commandId,
    stepName: 'PatchLinux',
    stream: 'stdout',
    startByte: 0,
    content: '',
  })),
  patchbay('CompletePatchOperation', 'NM', () => ({ operationId: uuid, factsId: uuid, simulation, outcomes: [] })),

  patchbay('GetNodeFacts', readerOfNode, ({ instanceId }) => ({ instanceId })),
  patchbay('GetNodeVerdict', readerOfNode, ({ instanceId }) => ({ instanceId })),
  patchbay('ListPatchOperations', readerOfNode, ({ instanceId }) => ({ instanceId })),
  patchbay('GetPatchOperation', readerOfNode, ({ operationId }) => ({ operationId })),
  patchbay('GetPlan', readerOfNode, ({ planId }) => ({ planId })),
  patchbay('ListFirstSeen', everyReader, () => ({ source: 'openssl' })),
  patchbay('GetPatchSettings', everyReader, nothing),
  patchbay('PutPatchSettings', 'A', () => ({ settings: {} })),
  patchbay('GetCommandOutput', readerOfNode, ({ commandId, instanceId }) => ({ commandId, instanceId })),
  patchbay('GetNode', readerOfNode, ({ instanceId }) => ({ instanceId })),
  patchbay('ListManagedNodes', everyReader, nothing),
  patchbay('GetPatchPlan', everyReader, () => ({ planId: uuid })),
  patchbay('ListPatchPlans', everyReader, nothing),
  patchbay('CreatePatchPlan', 'AOW', ({ instanceId }) => ({ instanceIds: [instanceId] })),
  { ...patchbay('CreatePatchPlan', 'AO', () => ({ windowId: 'mw-00000000000000000' })), when: 'for a window' },
  patchbay('ApplyPatchPlan', 'AOWD', () => ({ planId: uuid })),
  patchbay('RenameNode', 'A', ({ instanceId }) => ({ instanceId, name: 'matrix' })),
  patchbay('ReleaseNode', 'A', ({ instanceId }) => ({ instanceId })),
  patchbay('ListArchiveWatches', everyReader, nothing),
  patchbay('RefreshArchiveWatch', 'A', () => ({ watchId: uuid })),
  patchbay('RemoveArchiveWatch', 'A', () => ({ watchId: uuid })),
  patchbay('AddArchiveWatch', 'A', () => ({
    uri: 'file:///nowhere',
    suite: 'bookworm',
    components: ['main'],
    architectures: ['amd64'],
    keyring: { file: 'none.gpg' },
  })),

  patchbay('ListWindowSchedules', everyReader, nothing),
  patchbay('ListChangeFreezes', everyReader, nothing),
  patchbay('GetStartState', everyReader, nothing),
  patchbay('CreateChangeFreeze', 'A', () => ({
    name: 'matrix',
    reason: 'matrix',
    time: { kind: 'once', startsAt: '2020-01-01T00:00:00Z', endsAt: '2020-01-02T00:00:00Z' },
  })),
  patchbay('OverrideChangeFreeze', 'A', () => ({ name: 'none-such', reason: 'matrix' })),
  patchbay('DeleteChangeFreeze', 'A', () => ({ name: 'none-such' })),
  patchbay('StopStarts', 'AO', () => ({ reason: 'matrix' })),
  patchbay('ResumeStarts', 'AO', () => ({ reason: 'matrix' })),

  patchbay('ListUsers', 'AR', nothing),
  patchbay('ListAccessKeys', 'AR', () => ({ userName: 'administrator' })),
  patchbay('CreateUser', 'A', () => ({ userName: 'matrix', role: 'auditor' })),
  patchbay('BindUser', 'A', () => ({ userName: 'nobody-such', role: 'administrator' })),
  patchbay('UnbindUser', 'A', () => ({ userName: 'nobody-such', role: 'administrator' })),
  patchbay('DeleteUser', 'A', () => ({ userName: 'nobody-such' })),
  patchbay('CreateAccessKey', 'A', () => ({ userName: 'nobody-such' })),
  patchbay('RotateAccessKey', 'A', () => ({ accessKeyId: 'AKIA0000000000000000' })),
  patchbay('RevokeAccessKey', 'A', () => ({ accessKeyId: 'AKIA0000000000000000' })),
];
