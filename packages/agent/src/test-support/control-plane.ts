import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  headersFromRaw,
  type SignableRequest,
  SigningError,
  verifyRoleTokenRequest,
  verifySignature,
} from '@patchbay/aws-wire/signing';
import type { Message } from '../commands/command-message.ts';
import { createTestSigningKey, nodeId, type TestSigningKey } from './signed-commands.ts';

export const region = 'us-east-1';
const secretAccessKey = 'secret';
const accessKeyId = 'ASIA0123456789ABCDEF';

/** A reply as it came: its message and the parsed payload. */
export interface ReceivedReply {
  readonly messageId: string;
  readonly replyId: string;
  readonly documentStatus: string;
  readonly trace: string;
  readonly steps: Record<string, { status: string; code: number; standardOutput: string; standardError: string }>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** The other end of the wire, for tests: checks every signature as the real one does and keeps what it is told. */
export interface TestControlPlane {
  readonly endpoint: string;
  readonly signingKey: TestSigningKey;
  readonly registrations: Record<string, string>[];
  readonly pings: Record<string, string>[];
  readonly presences: Record<string, string>[];
  readonly acknowledged: string[];
  readonly failed: string[];
  readonly replies: ReceivedReply[];
  readonly calls: string[];
  /** Messages that the next polls get; each stays until it is acknowledged or taken out. */
  readonly outbox: Message[];
  /** Answers instead of the ordinary one, by operation; taken once each. */
  readonly refusals: Map<string, { status: number; code: string }[]>;
  clock: () => Date;
  /** Resolves when something that was received makes the condition true. */
  until(condition: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export async function startControlPlane(): Promise<TestControlPlane> {
  const waiting = new Set<() => void>();
  let publicKey: string | undefined;
  const parked = new Set<() => void>();
  const plane = {
    endpoint: '',
    signingKey: createTestSigningKey(),
    registrations: [] as Record<string, string>[],
    pings: [] as Record<string, string>[],
    presences: [] as Record<string, string>[],
    acknowledged: [] as string[],
    failed: [] as string[],
    replies: [] as ReceivedReply[],
    calls: [] as string[],
    outbox: [] as Message[],
    refusals: new Map<string, { status: number; code: string }[]>(),
    clock: () => new Date(),
    until: (condition: () => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!condition()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    close: async () => {
      for (const release of parked) release();
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  } satisfies TestControlPlane;

  const authenticate = async (operation: string, service: string, request: SignableRequest) => {
    const expectations = { now: plane.clock(), regions: [region] };
    if (operation === 'RegisterManagedInstance') return;
    if (operation === 'RequestManagedInstanceRoleToken') {
      await verifyRoleTokenRequest(request, { ...expectations, findPublicKey: async () => publicKey });
      return;
    }
    await verifySignature(request, {
      ...expectations,
      services: [service],
      findSecret: async (key, token) =>
        key === accessKeyId && token === 'token'
          ? { status: 'found', secretAccessKey }
          : { status: 'unknown-access-key' },
    });
  };

  const operations: Record<string, (input: Record<string, string>) => unknown> = {
    RegisterManagedInstance: (input) => {
      plane.registrations.push(input);
      publicKey = input['PublicKey'];
      return { InstanceId: nodeId };
    },
    RequestManagedInstanceRoleToken: () => ({
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: 'token',
      TokenExpirationDate: plane.clock().getTime() / 1000 + 3600,
      UpdateKeyPair: false,
    }),
    ReportPresence: (input) => {
      plane.presences.push(input);
      return { quarantineReason: null };
    },
    GetSigningKey: () => ({
      keyId: plane.signingKey.keyId,
      algorithm: 'Ed25519',
      publicKey: plane.signingKey.publicKey,
    }),
    UpdateInstanceInformation: (input) => {
      plane.pings.push(input);
      return {};
    },
    GetMessages: () => {
      const taken = plane.outbox.splice(0);
      return { Destination: nodeId, MessagesRequestId: 'r', Messages: taken };
    },
    AcknowledgeMessage: (input) => {
      plane.acknowledged.push(input['MessageId'] ?? '');
      return {};
    },
    FailMessage: (input) => {
      plane.failed.push(input['MessageId'] ?? '');
      return {};
    },
    SendReply: (input) => {
      const payload = JSON.parse(input['Payload'] ?? '{}');
      plane.replies.push({
        messageId: input['MessageId'] ?? '',
        replyId: input['ReplyId'] ?? '',
        documentStatus: payload.documentStatus,
        trace: payload.documentTraceOutput,
        steps: payload.runtimeStatus,
      });
      return {};
    },
  };

  const answer = async (request: IncomingMessage, body: Buffer): Promise<Answer> => {
    const [prefix = '', operation = ''] = String(request.headers['x-amz-target']).split('.');
    const service =
      { AmazonSSM: 'ssm', EC2WindowsMessageDeliveryService: 'ec2messages', Patchbay: 'patchbay' }[prefix] ?? '';
    plane.calls.push(operation);
    for (const look of waiting) look();
    try {
      await authenticate(operation, service, {
        method: request.method ?? '',
        rawUrl: request.url ?? '',
        headers: headersFromRaw(request.rawHeaders),
        body,
      });
    } catch (error) {
      const isSigning = error instanceof SigningError;
      const code =
        isSigning && error.code !== 'UNKNOWN_ACCESS_KEY' ? 'InvalidSignatureException' : 'UnrecognizedClientException';
      return { status: 400, body: { __type: code, message: String(error) } };
    }
    const refusal = plane.refusals.get(operation)?.shift();
    if (refusal !== undefined) return { status: refusal.status, body: { __type: refusal.code, message: 'as told' } };
    if (operation === 'GetMessages' && plane.outbox.length === 0) {
      // A long poll: until there is something, or the caller goes away.
      await new Promise<void>((resolve) => {
        parked.add(resolve);
        waiting.add(() => {
          if (plane.outbox.length > 0) resolve();
        });
        request.socket.once('close', () => resolve());
      });
    }
    const told = Object(operations[operation]?.(JSON.parse(body.toString())) ?? {}) as object;
    // A control plane of a later version may say more than the agent knows.
    return { status: 200, body: { ...told, aLaterMember: 'of a later version' } };
  };

  const respond = async (request: IncomingMessage, received: Buffer, response: ServerResponse) => {
    const { status, body } = await answer(request, received);
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', date: plane.clock().toUTCString() });
    response.end(JSON.stringify(body));
    for (const look of waiting) look();
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void respond(request, Buffer.concat(chunks), response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  plane.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const push = plane.outbox.push.bind(plane.outbox);
  plane.outbox.push = (...messages) => {
    const length = push(...messages);
    for (const look of waiting) look();
    return length;
  };
  return plane;
}
