import { connect } from 'node:net';

export interface WireAnswer {
  readonly statusCode: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

/** `closed`: the server hung up without an answer. `silent`: it was still waiting when we lost patience. */
export type Exchange = WireAnswer | 'closed' | 'silent';

/** Sends bytes on a connection of their own and reads the first answer to them. */
export async function exchange(url: string, bytes: Uint8Array, patienceMilliseconds: number): Promise<Exchange> {
  const { hostname, port } = new URL(url);
  return await new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const chunks: Buffer[] = [];
    const end = (outcome: Exchange) => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(patienceMilliseconds, () => end(readAnswer(Buffer.concat(chunks)) ?? 'silent'));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const answer = readAnswer(Buffer.concat(chunks));
      if (answer) end(answer);
    });
    // What a server that refuses early does not read any more makes writing fail; the answer may still have come.
    socket.on('error', () => end(readAnswer(Buffer.concat(chunks)) ?? 'closed'));
    socket.on('end', () => end(readAnswer(Buffer.concat(chunks)) ?? 'closed'));
    // Not ended: to Node's server a caller who has ended is one who has gone.
    socket.write(bytes);
  });
}

/** The whole first answer in the bytes; undefined while it is not all there. */
function readAnswer(bytes: Buffer): WireAnswer | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [statusLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const statusCode = Number(statusLine.split(' ')[1]);
  // 100 Continue is no answer yet.
  if (statusCode < 200) return readAnswer(bytes.subarray(headEnd + 4));
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const body = bytes.subarray(headEnd + 4);
  const length = Number(headers.get('content-length') ?? 0);
  return body.byteLength < length
    ? undefined
    : { statusCode, headers, text: body.subarray(0, length).toString('utf8') };
}
