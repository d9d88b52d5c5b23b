import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { type Credentials, signRequest, signRoleTokenRequest } from '@patchbay/aws-wire/signing';
import { z } from 'zod';
import { openRawConnection, type RawConnection, writeRequest } from './raw-http.ts';

/** What happened to the nodes since the last time that `'times'` was asked for, in milliseconds since 1970. */
export interface FleetTimes {
  readonly delivered: readonly number[];
  readonly ended: readonly number[];
}

/** What `fleet.ts` and `window.ts` ask of this process; it answers `'ready'` when every node polls. */
export interface FleetOrder {
  readonly endpoint: string;
  readonly region: string;
  readonly activations: readonly { readonly id: string; readonly code: string; readonly nodes: number }[];
}

interface SimulatedNode {
  readonly instanceId: string;
  readonly credentials: Credentials;
  readonly connection: RawConnection;
}

const Registered = z.object({ InstanceId: z.string() });
const RoleToken = z.object({ AccessKeyId: z.string(), SecretAccessKey: z.string(), SessionToken: z.string() });
const Messages = z.object({ Messages: z.array(z.object({ MessageId: z.string() })) });
const enrolledAtOnce = 32;

type Headers = Record<string, string>;
const times: { delivered: number[]; ended: number[] } = { delivered: [], ended: [] };

function run({ endpoint, region, activations }: FleetOrder) {
  const url = new URL(endpoint);
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicKeyText = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');

  async function send(
    connection: RawConnection,
    target: string,
    input: object,
    sign: (request: { headers: Headers; body: Buffer }) => Headers,
  ): Promise<unknown> {
    const body = Buffer.from(JSON.stringify(input));
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
    const reply = await connection.send(writeRequest(url, sign({ headers, body }), body));
    if (reply.statusCode !== 200) throw new Error(`${target}: ${reply.statusCode} ${reply.body}`);
    return JSON.parse(reply.body);
  }

  async function enrol(id: string, code: string, key: KeyObject): Promise<SimulatedNode> {
    const connection = await openRawConnection(url);
    const fingerprint = randomUUID();
    const { InstanceId: instanceId } = Registered.parse(
      await send(
        connection,
        'AmazonSSM.RegisterManagedInstance',
        {
          ActivationId: id,
          ActivationCode: code,
          Fingerprint: fingerprint,
          PublicKey: publicKeyText,
          PublicKeyType: 'Rsa',
        },
        ({ headers }) => ({ ...headers, host: url.host }),
      ),
    );
    const token = RoleToken.parse(
      await send(connection, 'AmazonSSM.RequestManagedInstanceRoleToken', { Fingerprint: fingerprint }, (request) =>
        signRoleTokenRequest(
          { method: 'POST', url, ...request },
          { instanceId, privateKey: key, region, now: new Date() },
        ),
      ),
    );
    const credentials = {
      accessKeyId: token.AccessKeyId,
      secretAccessKey: token.SecretAccessKey,
      sessionToken: token.SessionToken,
    };
    return { instanceId, credentials, connection };
  }

  const callMessages = ({ connection, credentials }: SimulatedNode, operation: string, input: object) =>
    send(connection, `EC2WindowsMessageDeliveryService.${operation}`, input, (request) =>
      signRequest(
        { method: 'POST', url, ...request },
        { credentials, region, service: 'ec2messages', now: new Date() },
      ),
    );

  async function reply(node: SimulatedNode, messageId: string, status: string): Promise<void> {
    const now = new Date().toISOString();
    const step = {
      status,
      code: 0,
      name: 'aws:runShellScript',
      output: '',
      startDateTime: now,
      endDateTime: now,
      standardOutput: 'done\n',
      standardError: '',
    };
    const payload = {
      additionalInfo: { agent: { name: 'bench', ver: '0' }, dateTime: now, runId: '', runtimeStatusCounts: {} },
      documentStatus: status,
      documentTraceOutput: '',
      runtimeStatus: status === 'InProgress' ? null : { runShellScript: step },
    };
    await callMessages(node, 'SendReply', {
      MessageId: messageId,
      ReplyId: randomUUID(),
      Payload: JSON.stringify(payload),
    });
  }

  async function live(node: SimulatedNode): Promise<void> {
    for (;;) {
      const { Messages: messages } = Messages.parse(
        await callMessages(node, 'GetMessages', {
          Destination: node.instanceId,
          MessagesRequestId: randomUUID(),
          VisibilityTimeoutInSeconds: 10,
          PatchbayPollSeconds: 50,
        }),
      );
      for (const { MessageId: messageId } of messages) {
        times.delivered.push(Date.now());
        await reply(node, messageId, 'InProgress');
        await callMessages(node, 'AcknowledgeMessage', { MessageId: messageId });
        await reply(node, messageId, 'Success');
        times.ended.push(Date.now());
      }
    }
  }

  async function start(): Promise<void> {
    const places = activations.flatMap(({ id, code, nodes }) => Array.from({ length: nodes }, () => ({ id, code })));
    const nodes: SimulatedNode[] = [];
    await Promise.all(
      Array.from({ length: enrolledAtOnce }, async () => {
        for (let place = places.pop(); place; place = places.pop())
          nodes.push(await enrol(place.id, place.code, privateKey));
      }),
    );
    process.send?.('ready');
    for (const node of nodes) {
      void live(node).catch((error: unknown) => {
        console.error(error);
        process.exit(1);
      });
    }
  }
  return start();
}

process.on('message', (message: FleetOrder | 'times') => {
  if (message !== 'times') void run(message);
  else process.send?.({ delivered: times.delivered.splice(0), ended: times.ended.splice(0) } satisfies FleetTimes);
});
