import type { KeyObject } from 'node:crypto';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { Credentials } from '@patchbay/aws-wire';
import { BeginPatchOperation, CompletePatchOperation, ProposePlan } from '@patchbay/contracts';
import { contentDigest } from '@patchbay/facts/digest';
import * as fc from 'fast-check';
import { z } from 'zod';
import {
  installedPackage,
  sampleFacts,
  securityOffer,
  upgradeOf,
} from '../../packages/server/src/test-support/sample-facts.ts';
import { RefusedCallError, readSuccess, sendJsonCall } from '../../packages/server/src/test-support/send-request.ts';
import {
  enrolNode,
  type NodeHost,
  submissionOf,
  type TestNode,
} from '../../packages/server/src/test-support/test-node.ts';
import { changedExample } from './changed-example.ts';
import { withImages } from './images-in-scene.ts';
import { placeholderOf } from './learned-texts.ts';
import { liftHolds } from './lift-holds.ts';
import { filterKeys, oddTimes } from './odd-values.ts';
import { providePatchPlan } from './patch-plan.ts';
import type { KnownTexts } from './shaped-json.ts';
import type { FuzzedServer } from './start-fuzzed-server.ts';
import { deleteWindows, type Example, provideWindows } from './windows-in-scene.ts';

/** What there is on the server to fuzz against: a node in the middle of its work, and everything around it. */
export interface Scene {
  readonly administrator: Credentials;
  readonly node: Credentials;
  /** What the node signs with as long as it has no credentials. */
  readonly nodeIdentity: { readonly instanceId: string; readonly privateKey: KeyObject };
  readonly known: KnownTexts;
  /** What the placeholders stand for until an answer says something newer. */
  readonly initial: ReadonlyMap<string, string>;
  /** Inputs that the operations accept, by target; to be changed in one place. */
  readonly examples: ReadonlyMap<string, readonly object[]>;
}

const facts = sampleFacts({
  installed: [installedPackage('openssl', '3.0.1'), installedPackage('bash', '5.2')],
  offers: [securityOffer('openssl', '3.0.2', '3.0.1')],
});

/** So many commands the node has been given and has not ended. */
const deliveredCommands = 16;
const oddReplies = 60;

const simulation = { groups: [[upgradeOf('openssl', '3.0.1', '3.0.2')]], refused: [], diskBytes: 0 };

const examplePolicies = JSON.stringify([
  { Type: 'Expiration', Version: '1.0', Attributes: { Timestamp: '2099-01-01T00:00:00.000Z' } },
  { Type: 'NoChangeNotification', Version: '1.0', Attributes: { After: '20', Unit: 'Days' } },
]);

const BaselineAnswer = z.object({ BaselineId: z.string() });
const BaselinesAnswer = z.object({ BaselineIdentities: z.array(BaselineAnswer) });
const ActivationAnswer = z.object({ ActivationId: z.string(), ActivationCode: z.string() });
const CommandAnswer = z.object({ Command: z.object({ CommandId: z.string() }) });

const replyPayload = {
  additionalInfo: {
    agent: { name: 'amazon-ssm-agent', version: '1' },
    dateTime: '2026-11-20T12:00:00.000Z',
    runId: '',
  },
  documentStatus: 'Success',
  documentTraceOutput: '',
  runtimeStatus: {
    PatchLinux: {
      status: 'Success',
      code: 0,
      name: 'aws:runShellScript',
      output: 'done',
      startDateTime: '2026-11-20T12:00:00.000Z',
      endDateTime: '2026-11-20T12:00:01.000Z',
      standardOutput: 'done',
      standardError: '',
    },
  },
};

/** Builds one on a running server. `name` keeps it apart from those that were built before. */
export async function createScene(server: FuzzedServer, name: string, seed: number): Promise<Scene> {
  const { administrator, region, url } = server;
  const clients: SSMClient[] = [];
  const createClient = (credentials: Credentials) => {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const client = new SSMClient({
      endpoint: url,
      region,
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    });
    clients.push(client);
    return client;
  };
  const host: NodeHost = {
    url,
    administrator,
    now: () => new Date(),
    createClient,
    ssm: createClient(administrator),
    call: async (target, input, options = {}) =>
      await sendJsonCall(url, {
        target,
        service: options.service ?? 'ssm',
        region,
        credentials: options.credentials ?? administrator,
        now: new Date(),
        body: JSON.stringify(input),
      }),
  };
  try {
    return await withImages(await furnish(host, name, seed), server, name, host);
  } finally {
    for (const client of clients) client.destroy();
  }
}

async function furnish(host: NodeHost, name: string, seed: number): Promise<Scene> {
  const call = async (target: string, input: object) => readSuccess(await host.call(target, input));
  await deleteOwnBaselines(host);
  await deleteWindows(host);
  await liftHolds(host);
  const patchGroup = `group-${name}`;
  const baseline = exampleBaseline(name);
  const baselineId = await provideBaseline(host, baseline);
  await host.call('AmazonSSM.RegisterPatchBaselineForPatchGroup', { BaselineId: baselineId, PatchGroup: patchGroup });
  const predefined = BaselineAnswer.parse(
    await call('AmazonSSM.GetDefaultPatchBaseline', { OperatingSystem: 'DEBIAN' }),
  ).BaselineId;
  const activation = { IamRole: 'node', DefaultInstanceName: 'spare', RegistrationLimit: 5 };
  const unused = await provideBaseline(host, exampleBaseline(`${name}-unused`));
  const spare = ActivationAnswer.parse(await call('AmazonSSM.CreateActivation', activation));
  const node = await enrolNode(host, { tags: { PatchGroup: patchGroup }, name: `node-${name}` });
  const other = await enrolNode(host, { tags: { PatchGroup: patchGroup } });

  const parameter = { Name: `/fuzz/${name}/text`, Value: 'Scan', Type: 'String', Overwrite: true };
  const secret = { ...parameter, Name: `/fuzz/${name}/secret`, Type: 'SecureString', Policies: examplePolicies };
  await call('AmazonSSM.PutParameter', parameter);
  await call('AmazonSSM.PutParameter', { ...secret, Tier: 'Advanced' });
  await call('AmazonSSM.LabelParameterVersion', { Name: parameter.Name, Labels: ['stable'] });

  const command = {
    DocumentName: 'AWS-RunPatchBaseline',
    InstanceIds: [node.instanceId],
    Parameters: { Operation: ['Scan'] },
    TimeoutSeconds: 600,
    Comment: 'for the fuzzer',
  };
  const commandIds: string[] = [];
  const messageIds: string[] = [];
  for (let index = 0; index < deliveredCommands; index += 1) {
    // The second is the one that an install begins for.
    const Operation = [index === 1 ? 'Install' : 'Scan'];
    const sending = { ...command, Parameters: { Operation, RebootOption: ['NoReboot'] } };
    commandIds.push(CommandAnswer.parse(await call('AmazonSSM.SendCommand', sending)).Command.CommandId);
    messageIds.push(...(await node.getMessages()).map(({ MessageId }) => MessageId));
  }
  const [sent = '', begun = ''] = commandIds;
  const [message = ''] = messageIds;
  const waiting = CommandAnswer.parse(await call('AmazonSSM.SendCommand', command)).Command.CommandId;

  const factsId = await node.submitFacts(facts);
  const scan = {
    factsId,
    operation: 'Scan',
    commandId: null,
    rebootOption: 'NoReboot',
    snapshotId: '',
  } as const;
  const { operationId: scanId } = await node.patchbay(BeginPatchOperation, scan);
  await node.patchbay(CompletePatchOperation, { operationId: scanId, factsId, simulation: null, outcomes: [] });
  const install = { ...scan, operation: 'Install', commandId: begun } as const;
  const { operationId } = await node.patchbay(BeginPatchOperation, install);
  const { plan } = await node.patchbay(ProposePlan, { operationId, simulation });

  const windows = await provideWindows(host, name, patchGroup);
  const documentName = `fuzz-${name}`.replaceAll(/[^a-zA-Z0-9_.-]/g, '-');
  const document = exampleDocument(documentName);
  // Where the one that was made before is in the way, it will do as well.
  await host.call('AmazonSSM.CreateDocument', document);
  const changed = { Name: documentName, Content: document.Content.replace('Fuzzed', 'Changed') };
  const payloads = replyPayloads(seed);
  const instanceIds = [node.instanceId, other.instanceId];
  const patchPlanId = await providePatchPlan(host, instanceIds, node, { factsId, simulation });
  const known: Record<string, readonly string[]> = {
    baselineid: [baselineId, predefined, placeholderOf('baselineid')],
    patchgroup: [patchGroup],
    instanceid: [...instanceIds, placeholderOf('instanceid')],
    destination: instanceIds,
    activationid: [spare.ActivationId, node.activationId, placeholderOf('activationid')],
    activationcode: [spare.ActivationCode],
    resourceid: [baselineId, ...instanceIds, spare.ActivationId, ...windows.windowIds, parameter.Name],
    ...windows.known,
    commandid: [...commandIds, waiting, placeholderOf('commandid')],
    messageid: [...messageIds, message.replace(sent, waiting)],
    name: [
      'AWS-RunPatchBaseline',
      'AWS-RunShellScript',
      documentName,
      parameter.Name,
      `${parameter.Name}:1`,
      secret.Name,
    ],
    path: ['/', '/fuzz', `/fuzz/${name}/`],
    label: ['stable', 'other'],
    allowedpattern: ['.*', '(a+)+', String.raw`\d{1,4}`],
    policie: [examplePolicies, '[{}]'],
    documentname: ['AWS-RunPatchBaseline', 'AWS-RunShellScript', documentName],
    fingerprint: [node.fingerprint],
    publickey: [node.key.publicKey],
    payload: payloads,
    key: filterKeys,
    value: [...oddTimes, 'Online', 'Success', 'Self', 'AWS', 'DEBIAN', patchGroup],
    factsid: [factsId, placeholderOf('factsid')],
    operationid: [operationId, scanId, placeholderOf('operationid')],
    planid: [plan?.planId ?? '', patchPlanId, placeholderOf('planid')],
    digest: [contentDigest(facts.installed), contentDigest(facts.offers), contentDigest(facts.policy)],
    source: ['openssl', 'bash'],
    nexttoken: [placeholderOf('nexttoken')],
  };
  const newestFacts = placeholderOf('factsid');
  const newestOperation = placeholderOf('operationid');
  const baselineResource = { ResourceType: 'PatchBaseline', ResourceId: baselineId };
  const filter = (key: string, value: string) => ({ Filters: [{ Key: key, Values: [value] }], MaxResults: 10 });
  return {
    administrator: host.administrator,
    node: node.credentials,
    nodeIdentity: { instanceId: node.instanceId, privateKey: node.key.privateKey },
    known: new Map(Object.entries(known)),
    initial: new Map([
      ['factsid', factsId],
      ['operationid', operationId],
      ['commandid', waiting],
    ]),
    examples: examplesByTarget([
      ['AmazonSSM.CreatePatchBaseline', baseline],
      ['AmazonSSM.SendCommand', command],
      ...windows.examples,
      [
        'AmazonSSM.SendCommand',
        { ...command, Parameters: { Operation: [`{{ssm:${parameter.Name}}}`] }, InstanceIds: [other.instanceId] },
      ],
      ['AmazonSSM.PutParameter', { ...parameter, Description: 'fuzz', AllowedPattern: '[A-Z].*', DataType: 'text' }],
      ['AmazonSSM.PutParameter', { ...secret, Tier: 'Advanced', KeyId: 'alias/aws/ssm' }],
      ['AmazonSSM.GetParameter', { Name: secret.Name, WithDecryption: true }],
      ['AmazonSSM.GetParameters', { Names: [parameter.Name, `${parameter.Name}:stable`] }],
      ['AmazonSSM.GetParametersByPath', { Path: '/fuzz', Recursive: true, MaxResults: 2 }],
      ['AmazonSSM.GetParameterHistory', { Name: parameter.Name, WithDecryption: true }],
      [
        'AmazonSSM.DescribeParameters',
        { ParameterFilters: [{ Key: 'Name', Option: 'BeginsWith', Values: ['/fuzz'] }], MaxResults: 2 },
      ],
      ['AmazonSSM.LabelParameterVersion', { Name: parameter.Name, ParameterVersion: 1, Labels: ['stable', 'new'] }],
      ['AmazonSSM.UnlabelParameterVersion', { Name: parameter.Name, ParameterVersion: 1, Labels: ['new'] }],
      ['AmazonSSM.DeleteParameter', { Name: secret.Name }],
      ['AmazonSSM.DeleteParameters', { Names: [secret.Name, '/fuzz/none'] }],
      ['AmazonSSM.CreateActivation', activation],
      ['AmazonSSM.RegisterManagedInstance', registration(spare, node)],
      ['AmazonSSM.UpdateInstanceInformation', { InstanceId: node.instanceId, AgentName: 'a', AgentVersion: '1.0.0' }],
      ['AmazonSSM.DescribeInstanceInformation', filter('PingStatus', 'Online')],
      ['AmazonSSM.DescribePatchBaselines', filter('OPERATING_SYSTEM', 'DEBIAN')],
      ['AmazonSSM.AddTagsToResource', { ...baselineResource, Tags: [{ Key: 'owner', Value: 'fuzz' }] }],
      ['AmazonSSM.RemoveTagsFromResource', { ...baselineResource, TagKeys: ['owner'] }],
      ['AmazonSSM.ListTagsForResource', baselineResource],
      ['AmazonSSM.DeletePatchBaseline', { BaselineId: unused }],
      ['AmazonSSM.CreateDocument', { ...document, Name: `${documentName}-other` }],
      ['AmazonSSM.UpdateDocument', { ...changed, DocumentVersion: '$LATEST' }],
      ['AmazonSSM.UpdateDocumentDefaultVersion', { Name: documentName, DocumentVersion: '1' }],
      ['AmazonSSM.DeleteDocument', { Name: `${documentName}-other`, DocumentVersion: '1' }],
      ['AmazonSSM.GetDocument', { Name: documentName, DocumentVersion: '$LATEST', DocumentFormat: 'YAML' }],
      ['AmazonSSM.DescribeDocument', { Name: documentName, VersionName: 'first' }],
      ['AmazonSSM.DescribeDocumentPermission', { Name: documentName, PermissionType: 'Share' }],
      [
        'AmazonSSM.ModifyDocumentPermission',
        { Name: documentName, PermissionType: 'Share', AccountIdsToRemove: ['123456789012'] },
      ],
      ['AmazonSSM.ListDocumentVersions', { Name: documentName, MaxResults: 1 }],
      ['AmazonSSM.ListDocuments', filter('SearchKeyword', 'fuzz')],
      ['AmazonSSM.SendCommand', { ...command, DocumentName: documentName, Parameters: { count: ['3'], name: ['a'] } }],
      ['AmazonSSM.DeregisterManagedInstance', { InstanceId: other.instanceId }],
      [
        'AmazonSSM.ListCommands',
        { CommandId: sent, Filters: [{ key: 'InvokedAfter', value: '2026-01-01T00:00:00Z' }] },
      ],
      ...messageIds.map(
        (id, index): Example => ['EC2WindowsMessageDeliveryService.SendReply', reply(id, payloads[index] ?? '')],
      ),
      ['Patchbay.SubmitFacts', submissionOf(facts)],
      ['Patchbay.BeginPatchOperation', { ...install, factsId: newestFacts, commandId: placeholderOf('commandid') }],
      ['Patchbay.CreatePatchPlan', { instanceIds, maxConcurrency: '10%' }],
      ['Patchbay.CreatePatchPlan', { targets: [{ key: 'tag:PatchGroup', values: [patchGroup] }] }],
      ['Patchbay.GetPatchPlan', { planId: patchPlanId, maxResults: 1 }],
      ['Patchbay.ApplyPatchPlan', { planId: patchPlanId, maxErrors: '1', rebootOption: 'NoReboot' }],
      ['Patchbay.ProposePlan', { operationId: newestOperation, simulation }],
      [
        'Patchbay.CompletePatchOperation',
        { operationId: newestOperation, factsId: newestFacts, simulation, outcomes: [] },
      ],
    ]),
  };
}

function replyPayloads(seed: number): string[] {
  return [JSON.stringify(replyPayload), ...fc.sample(changedExample(replyPayload), { numRuns: oddReplies, seed })];
}

function registration(activation: z.infer<typeof ActivationAnswer>, node: TestNode): object {
  return { ...activation, PublicKey: node.key.publicKey, PublicKeyType: 'Rsa', Fingerprint: 'fuzzed' };
}

function reply(messageId: string, payload: string): object {
  return { MessageId: messageId, ReplyId: messageId, Payload: payload };
}

function examplesByTarget(examples: readonly Example[]): Map<string, object[]> {
  const byTarget = new Map<string, object[]>();
  for (const [target, input] of examples) byTarget.set(target, [...(byTarget.get(target) ?? []), input]);
  return byTarget;
}

function exampleBaseline(name: string): object {
  return {
    Name: `fuzz-${name}`,
    OperatingSystem: 'DEBIAN',
    Description: 'for the fuzzer',
    GlobalFilters: { PatchFilters: [{ Key: 'PRODUCT', Values: ['*'] }] },
    ApprovalRules: {
      PatchRules: [
        {
          PatchFilterGroup: { PatchFilters: [{ Key: 'SECTION', Values: ['*'] }] },
          ComplianceLevel: 'HIGH',
          ApproveAfterDays: 0,
        },
      ],
    },
    ApprovedPatches: ['openssl*'],
    RejectedPatches: ['telnet'],
    RejectedPatchesAction: 'BLOCK',
    Tags: [{ Key: 'owner', Value: 'fuzz' }],
  };
}

function exampleDocument(Name: string): { Name: string; Content: string; VersionName: string; Tags: object[] } {
  const content = {
    schemaVersion: '2.2',
    description: 'Fuzzed',
    parameters: {
      name: { type: 'String', default: 'x', allowedPattern: '^[a-z]{1,9}$' },
      count: { type: 'Integer', default: 1 },
      map: { type: 'StringMap', default: {} },
    },
    mainSteps: [
      {
        action: 'aws:runShellScript',
        name: 'script',
        precondition: { StringEquals: ['platformType', 'Linux'] },
        inputs: { runCommand: ['echo {{ name }} {{ count }}'], timeoutSeconds: '60', onFailure: 'exit' },
      },
      {
        action: 'aws:runDocument',
        name: 'nested',
        inputs: { documentType: 'SSMDocument', documentPath: 'AWS-Noop', documentParameters: '{}' },
      },
    ],
  };
  return {
    Name,
    Content: JSON.stringify(content),
    VersionName: 'first',
    Tags: [{ Key: 'owner', Value: 'fuzz' }],
  };
}

/** A new baseline; where the quota allows none, one of those that stay because patch groups use them. */
async function provideBaseline(host: NodeHost, baseline: object): Promise<string> {
  const created = await host.call('AmazonSSM.CreatePatchBaseline', baseline);
  if (created.statusCode === 200) return BaselineAnswer.parse(readSuccess(created)).BaselineId;
  const [own] = await listOwnBaselines(host);
  if (own === undefined) throw new RefusedCallError(created);
  return own;
}

async function listOwnBaselines(host: NodeHost): Promise<string[]> {
  const own = { Filters: [{ Key: 'OWNER', Values: ['Self'] }], MaxResults: 100 };
  const answer = readSuccess(await host.call('AmazonSSM.DescribePatchBaselines', own));
  return BaselinesAnswer.parse(answer).BaselineIdentities.map(({ BaselineId }) => BaselineId);
}

/** What the fuzzer made before, so that quotas do not end it. One that is registered for a patch group stays. */
async function deleteOwnBaselines(host: NodeHost): Promise<void> {
  for (const BaselineId of await listOwnBaselines(host)) {
    await host.call('AmazonSSM.DeletePatchBaseline', { BaselineId });
  }
}
