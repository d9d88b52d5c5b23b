import { connect, type Socket } from 'node:net';

export interface RawReply {
  readonly statusCode: number;
  readonly body: string;
}

/** One connection that carries one request after another, with as little work as possible for the sender. */
export interface RawConnection {
  send(request: Buffer): Promise<RawReply>;
  close(): void;
}

/** An HTTP/1.1 request as the bytes that cross the network. */
export function writeRequest(url: URL, headers: Readonly<Record<string, string>>, body: Buffer): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `POST ${url.pathname} HTTP/1.1\r\n${lines.join('')}content-length: ${body.byteLength}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

export async function openRawConnection(url: URL): Promise<RawConnection> {
  const socket: Socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  let received = Buffer.alloc(0);
  let waiting: { resolve: (reply: RawReply) => void; reject: (error: Error) => void } | undefined;
  const fail = (error: Error) => {
    waiting?.reject(error);
    waiting = undefined;
  };
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('The connection was closed')));
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = received.toString('latin1', 0, headEnd);
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) return fail(new Error(`An answer without a length: ${head}`));
    if (received.length < headEnd + 4 + length) return;
    const reply = {
      statusCode: Number(head.slice(9, 12)),
      body: received.toString('utf8', headEnd + 4, headEnd + 4 + length),
    };
    received = Buffer.alloc(0);
    const { resolve } = waiting ?? {};
    waiting = undefined;
    resolve?.(reply);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}
