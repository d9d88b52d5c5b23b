import { sampleFacts } from '../test-support/sample-facts.ts';
import { createNodeKey, submissionOf } from '../test-support/test-node.ts';

/** What a call of the matrix is about: one of the two nodes and what belongs to it. */
export interface About {
  readonly instanceId: string;
  readonly commandId: string;
  readonly operationId: string;
  readonly planId: string;
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
const message = ({ commandId, instanceId }: About) => ({ MessageId: `aws.ssm.${commandId}.${instanceId}` });
const tagged = ({ instanceId }: About) => ({ ResourceType: 'ManagedInstance', ResourceId: instanceId });

const ofExecution = () => ({ WindowExecutionId: uuid });
const ofTask = () => ({ ...ofExecution(), TaskId: uuid });

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
  ssm('ListDocumentVersions', everyReader, () => ({ Name: 'AWS-RunPatchBaseline' })),
  ssm('ListDocuments', everyReader),

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
