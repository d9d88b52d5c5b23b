import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { AwsError, encodeJsonError, serializationError } from '@patchbay/aws-wire';
import type { Dependencies } from './dependencies.ts';

const lingerMilliseconds = 1_000;

function refusalOf(code: string | undefined): AwsError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new AwsError('RequestHeaderFieldsTooLargeException', "The request's header fields are too large.", {
      statusCode: 431,
    });
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new AwsError('RequestTimeoutException', 'The request did not arrive in time.', { statusCode: 408 });
  }
  return serializationError('The request is not well-formed HTTP/1.1.');
}

/** Answers in AWS's form what Node cannot read as HTTP, so that no client meets an error it does not know. */
export function createMalformedRequestHandler(
  dependencies: Pick<Dependencies, 'clock' | 'randomId'>,
): (error: NodeJS.ErrnoException, socket: Socket) => void {
  return (error, socket) => {
    // Nobody is there any more.
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const { statusCode, headers, body } = encodeJsonError(refusalOf(error.code), {
      requestId: dependencies.randomId(),
    });
    const lines = Object.entries({
      ...headers,
      Date: dependencies.clock().toUTCString(),
      'Content-Length': String(Buffer.byteLength(body)),
      Connection: 'close',
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode] ?? ''}\r\n${lines.join('')}\r\n${body}`);
    // To close at once, with bytes of the request unread, would take the answer from a caller who is still sending.
    socket.resume();
    socket.setTimeout(lingerMilliseconds, () => socket.destroy());
  };
}
