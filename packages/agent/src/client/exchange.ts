import type { OutgoingRequest } from '@patchbay/aws-wire/signing';
import { ServerError, UnreachableError } from './call-errors.ts';
import type { HttpAnswer, HttpConnection } from './http-connection.ts';
import type { ServerClock } from './server-clock.ts';

/** Adds what proves the sender, and returns all headers to send. */
export type SignHeaders = (request: OutgoingRequest, now: Date) => Readonly<Record<string, string>>;

export interface ExchangeRequest {
  /** X-Amz-Target: `AmazonSSM.UpdateInstanceInformation`. */
  readonly target: string;
  readonly input: unknown;
  readonly sign: SignHeaders;
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One operation in JSON 1.1. A refused signature is sent once more when the server's clock turns out to be another.
 *
 * @throws ServerError, UnreachableError
 */
export async function exchange(
  connection: HttpConnection,
  clock: ServerClock,
  request: ExchangeRequest,
): Promise<unknown> {
  const answer = await send(connection, clock, request);
  const error = readError(answer);
  if (error === null) return parseBody(answer);
  if (error.code === 'InvalidSignatureException' && clock.correct(answer.serverDate)) {
    const second = await send(connection, clock, request);
    const secondError = readError(second);
    if (secondError === null) return parseBody(second);
    throw secondError;
  }
  throw error;
}

async function send(connection: HttpConnection, clock: ServerClock, request: ExchangeRequest): Promise<HttpAnswer> {
  const body = Buffer.from(JSON.stringify(request.input));
  const headers = request.sign(
    {
      method: 'POST',
      url: connection.url,
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': request.target,
        'user-agent': 'patchbay-agent',
      },
      body,
    },
    clock.now(),
  );
  const answer = await connection.post(headers, body, request);
  clock.compare(answer.serverDate);
  return answer;
}

function readError(answer: HttpAnswer): ServerError | null {
  if (answer.statusCode >= 200 && answer.statusCode < 300) return null;
  const { __type: type, message, Message } = readMembers(answer.body);
  // Some services write a namespace before the name: `com.amazonaws.ssm#InvalidActivation`.
  const code = typeof type === 'string' ? (type.split('#').at(-1) ?? type) : `HTTP ${answer.statusCode}`;
  const text = [message, Message].find((each) => typeof each === 'string' && each !== '');
  return new ServerError(
    code,
    typeof text === 'string' ? text : `The server answered ${answer.statusCode} ${code} without a reason`,
    answer.statusCode,
  );
}

function readMembers(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return value !== null && typeof value === 'object' ? { ...value } : {};
  } catch {
    // A proxy's error page: the status code is all there is to say.
    return {};
  }
}

function parseBody(answer: HttpAnswer): unknown {
  if (answer.body === '') return {};
  try {
    return JSON.parse(answer.body);
  } catch (error) {
    throw new UnreachableError('MALFORMED_ANSWER', 'The answer is not JSON: is this address a control plane?', {
      cause: error,
    });
  }
}
