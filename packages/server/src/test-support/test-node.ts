import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { CreateActivationCommand, type Tag } from '@aws-sdk/client-ssm';
import type { Credentials } from '@patchbay/aws-wire';
import { signRoleTokenRequest } from '@patchbay/aws-wire';
import type { OperationContract, SubmitFacts } from '@patchbay/contracts';
import { BeginPatchOperation, CompletePatchOperation, SubmitFacts as SubmitFactsContract } from '@patchbay/contracts';
import type { NodeFacts } from '@patchbay/facts';
import { contentDigest } from '@patchbay/facts/digest';
import { z } from 'zod';
import { jsonHeadersFor, type RawAnswer, readSuccess, sendRaw } from './send-request.ts';
import { TEST_REGION, type TestServer } from './test-server.ts';

const RoleToken = z.object({
  AccessKeyId: z.string(),
  SecretAccessKey: z.string(),
  SessionToken: z.string(),
  TokenExpirationDate: z.number(),
  UpdateKeyPair: z.boolean(),
});

const Message = z.object({
  MessageId: z.string(),
  CreatedDate: z.string(),
  Destination: z.string(),
  Topic: z.string(),
  Payload: z.string(),
});
export type Message = z.infer<typeof Message>;
const MessageList = z.object({ Destination: z.string(), MessagesRequestId: z.string(), Messages: z.array(Message) });

/** What a node needs of the server that it speaks to. */
export type NodeHost = Pick<TestServer, 'url' | 'now' | 'ssm' | 'administrator' | 'createClient' | 'call'>;

export interface NodeKey {
  readonly privateKey: KeyObject;
  /** Base64 of DER SubjectPublicKeyInfo. */
  readonly publicKey: string;
}

export function createNodeKey(modulusLength = 2048): NodeKey {
  const pair = generateKeyPairSync('rsa', { modulusLength });
  return {
    privateKey: pair.privateKey,
    publicKey: pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  };
}

/** The key of all nodes whose test is not about keys: making one takes a while. */
let ordinaryKey: NodeKey | undefined;
function sharedKey(): NodeKey {
  ordinaryKey ??= createNodeKey();
  return ordinaryKey;
}

/** Registers with an activation, without any signature, as an agent does. */
export async function registerNode(
  server: NodeHost,
  registration: {
    readonly activationId: string;
    readonly activationCode: string;
    readonly publicKey?: string;
    readonly fingerprint?: string;
  },
): Promise<RawAnswer> {
  const { activationId, activationCode, publicKey = sharedKey().publicKey, fingerprint = randomUUID() } = registration;
  return await sendRaw(server.url, {
    headers: jsonHeadersFor('AmazonSSM.RegisterManagedInstance'),
    body: JSON.stringify({
      ActivationId: activationId,
      ActivationCode: activationCode,
      Fingerprint: fingerprint,
      PublicKey: publicKey,
      PublicKeyType: 'Rsa',
    }),
  });
}

/** Asks for a role token with the signature of a node's key. */
export async function requestRoleToken(
  server: NodeHost,
  node: {
    readonly instanceId: string;
    readonly fingerprint: string;
    readonly privateKey: KeyObject;
    readonly region?: string;
    /** Another operation that is signed in the same way. */
    readonly call?: { readonly operation: string; readonly input: object };
  },
): Promise<RawAnswer> {
  const { operation, input } = node.call ?? {
    operation: 'RequestManagedInstanceRoleToken',
    input: { Fingerprint: node.fingerprint },
  };
  const body = Buffer.from(JSON.stringify(input));
  const headers = signRoleTokenRequest(
    {
      method: 'POST',
      url: new URL(server.url),
      headers: jsonHeadersFor(`AmazonSSM.${operation}`),
      body,
    },
    {
      instanceId: node.instanceId,
      privateKey: node.privateKey,
      region: node.region ?? TEST_REGION,
      now: server.now(),
    },
  );
  return await sendRaw(server.url, { headers, body });
}

export interface EnrolOptions {
  /** One of its own otherwise, with the tags and the name. */
  readonly activation?: { readonly activationId: string; readonly activationCode: string };
  readonly tags?: Readonly<Record<string, string>>;
  readonly key?: NodeKey;
  readonly name?: string;
  readonly region?: string;
  readonly platform?: Readonly<Record<string, string>>;
  /** False for a node that has enrolled and never reported. */
  readonly isOnline?: boolean;
}

/** A node that speaks the agent's protocol. */
export interface TestNode {
  readonly instanceId: string;
  readonly activationId: string;
  readonly fingerprint: string;
  readonly key: NodeKey;
  readonly credentials: Credentials;
  /** Fresh credentials, as agents ask for every half hour. */
  renew(): Promise<void>;
  ping(platform?: Readonly<Record<string, string>>): Promise<void>;
  /** A call of SSM by the node's own credentials, answered as it comes. */
  callSsm(operation: string, input: unknown): Promise<RawAnswer>;
  callEc2Messages(operation: string, input: unknown): Promise<RawAnswer>;
  getMessages(options?: { readonly hiddenSeconds?: number }): Promise<Message[]>;
  acknowledge(messageId: string): Promise<unknown>;
  reply(messageId: string, payload: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** One of Patchbay's own operations; throws `RefusedCallError`. */
  patchbay<Input extends z.ZodType, Output extends z.ZodType>(
    contract: OperationContract<Input, Output>,
    input: z.input<Input>,
  ): Promise<z.output<Output>>;
  /** Hands in whole facts and answers with their id. */
  submitFacts(facts: NodeFacts): Promise<string>;
  /** Scans, or installs without a plan, from its beginning to its end, and finds these facts. */
  patch(
    facts: NodeFacts,
    options?: { readonly operation?: 'Scan' | 'Install'; readonly commandId?: string },
  ): Promise<void>;
}

/** The unit form of facts, contents included. */
export function submissionOf(facts: NodeFacts): z.input<(typeof SubmitFacts)['input']> {
  const unit = <Content>(content: Content) => ({ digest: contentDigest(content), content });
  return {
    operatingSystem: facts.operatingSystem,
    overlay: facts.overlay,
    installed: unit(facts.installed),
    offers: unit(facts.offers),
    policy: unit(facts.policy),
  };
}

/** Enrols a node with an activation of its own, gets its credentials and lets it report once. */
export async function enrolNode(server: NodeHost, options: EnrolOptions = {}): Promise<TestNode> {
  const { key = sharedKey(), region = TEST_REGION } = options;
  const tags: Tag[] = Object.entries(options.tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
  const administration = region === TEST_REGION ? server.ssm : server.createClient(server.administrator, region);
  const activate = async () => {
    const { ActivationId = '', ActivationCode = '' } = await administration.send(
      new CreateActivationCommand({ IamRole: 'node', Tags: tags, DefaultInstanceName: options.name }),
    );
    return { activationId: ActivationId, activationCode: ActivationCode };
  };
  const { activationId, activationCode } = options.activation ?? (await activate());
  const fingerprint = randomUUID();
  const registered = readSuccess(
    await registerNode(server, { activationId, activationCode, publicKey: key.publicKey, fingerprint }),
  ) as { InstanceId: string };
  const instanceId = registered.InstanceId;
  const authenticate = async (): Promise<Credentials> => {
    const identity = { instanceId, fingerprint, privateKey: key.privateKey, region };
    const token = RoleToken.parse(readSuccess(await requestRoleToken(server, identity)));
    return {
      accessKeyId: token.AccessKeyId,
      secretAccessKey: token.SecretAccessKey,
      sessionToken: token.SessionToken,
    };
  };
  let credentials = await authenticate();
  const call = async (target: string, service: string, input: unknown) =>
    await server.call(target, input, { service, credentials, region });
  const node: TestNode = {
    instanceId,
    activationId,
    fingerprint,
    key,
    get credentials() {
      return credentials;
    },
    renew: async () => {
      credentials = await authenticate();
    },
    ping: async (platform = { PlatformType: 'Linux', PlatformName: 'Debian GNU/Linux', PlatformVersion: '12' }) => {
      const input = { InstanceId: instanceId, AgentName: 'patchbay-agent', AgentVersion: '1.0.0', ...platform };
      readSuccess(await call('AmazonSSM.UpdateInstanceInformation', 'ssm', input));
    },
    callSsm: async (operation, input) => await call(`AmazonSSM.${operation}`, 'ssm', input),
    callEc2Messages: async (operation, input) =>
      await call(`EC2WindowsMessageDeliveryService.${operation}`, 'ec2messages', input),
    getMessages: async ({ hiddenSeconds = 10 } = {}) => {
      const answer = await node.callEc2Messages('GetMessages', {
        Destination: instanceId,
        MessagesRequestId: randomUUID(),
        VisibilityTimeoutInSeconds: hiddenSeconds,
      });
      return MessageList.parse(readSuccess(answer)).Messages;
    },
    acknowledge: async (messageId) =>
      readSuccess(await node.callEc2Messages('AcknowledgeMessage', { MessageId: messageId })),
    reply: async (messageId, payload) =>
      readSuccess(
        await node.callEc2Messages('SendReply', {
          MessageId: messageId,
          ReplyId: randomUUID(),
          Payload: JSON.stringify(payload),
        }),
      ),
    patchbay: async (contract, input) =>
      contract.output.parse(readSuccess(await call(`Patchbay.${contract.name}`, 'patchbay', input))),
    submitFacts: async (facts) => {
      const { factsId, missing } = await node.patchbay(SubmitFactsContract, submissionOf(facts));
      if (factsId === null) throw new Error(`Whole facts were answered with missing units: ${missing.join(', ')}`);
      return factsId;
    },
    patch: async (facts, { operation = 'Scan', commandId = null } = {}) => {
      const factsId = await node.submitFacts(facts);
      const { operationId } = await node.patchbay(BeginPatchOperation, {
        factsId,
        operation,
        commandId,
        rebootOption: 'NoReboot',
        snapshotId: '',
      });
      await node.patchbay(CompletePatchOperation, { operationId, factsId, simulation: null, outcomes: [] });
    },
  };
  if (options.isOnline !== false) await node.ping(options.platform);
  return node;
}
