import * as client from '@aws-sdk/client-imagebuilder';
import type { WireReply } from '../errors.ts';
import type { RestRequest } from '../rest-json/decode.ts';
import { encodeStrictly } from '../signing/canonical-request.ts';

interface ClientRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly body?: string | Uint8Array;
}

/** The real client, which hands its requests to `send` and reads the answer as if it had come over a network. */
export function clientAnsweredBy(send: (request: RestRequest) => WireReply): client.ImagebuilderClient {
  return new client.ImagebuilderClient({
    region: 'us-east-1',
    endpoint: 'http://127.0.0.1:1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: ClientRequest) => {
        const { statusCode, headers, body } = send(onTheWire(request));
        const lowered = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
        return { response: { statusCode, headers: Object.fromEntries(lowered), body: Buffer.from(body) } };
      },
    },
  });
}

/** As the client's own handler for Node writes it. */
function onTheWire({ method, path, query = {}, body }: ClientRequest): RestRequest {
  const parameters = Object.entries(query).flatMap(([name, value]) =>
    [value ?? ''].flat().map((text) => `${encodeStrictly(name)}=${encodeStrictly(text)}`),
  );
  const rawUrl = parameters.length === 0 ? path : `${path}?${parameters.join('&')}`;
  return { method, rawUrl, body: typeof body === 'string' ? Buffer.from(body) : new Uint8Array(body ?? []) };
}

/** What the client sends for an operation, and what it makes of the answer or the error. */
export async function sendByClient(
  operationName: string,
  input: object,
  send: (request: RestRequest) => WireReply,
): Promise<unknown> {
  const commands = client as unknown as Readonly<
    Record<string, new (input: object) => client.ListTagsForResourceCommand>
  >;
  const Command = commands[`${operationName}Command`];
  if (Command === undefined) throw new Error(`The client has no operation ${operationName}`);
  return await clientAnsweredBy(send).send(new Command(input));
}
