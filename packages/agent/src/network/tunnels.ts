import { type Agent, request as requestHttp } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { explainUpstream } from './upstream-proxies.ts';

/** A connection on which nothing has moved for so long is given up. */
export const idleMilliseconds = 300_000;

/** Answers CONNECT by a connection to the host itself. */
export function tunnel(upstream: Socket, socket: Duplex, head: Buffer): void {
  upstream.setTimeout(idleMilliseconds, () => upstream.destroy());
  upstream.on('error', () => {
    if (upstream.connecting || upstream.bytesRead === 0) socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    else socket.destroy();
  });
  upstream.on('connect', () => {
    upstream.write(head);
    join(upstream, socket);
  });
  socket.on('close', () => upstream.destroy());
  upstream.on('close', () => socket.end());
}

/** Answers CONNECT by way of another proxy, which is asked for the same. */
export function tunnelThrough(agent: Agent, authority: string, socket: Duplex, head: Buffer): void {
  const request = requestHttp({ method: 'CONNECT', path: authority, headers: { host: authority }, agent });
  const fail = (problem: number | Error) => {
    const reason = explainUpstream(problem);
    socket.end(`HTTP/1.1 502 ${reason}\r\ncontent-type: text/plain\r\n\r\n${reason}\n`);
  };
  request.setTimeout(idleMilliseconds, () => request.destroy(new Error('nothing came')));
  request.on('error', fail);
  socket.on('close', () => request.destroy());
  request.on('connect', ({ statusCode = 0 }, upstream, first) => {
    upstream.on('error', () => socket.destroy());
    // Nothing of its answer is passed on: it speaks to us, of our password too.
    if (statusCode < 200 || statusCode > 299) {
      upstream.destroy();
      return fail(statusCode);
    }
    upstream.setTimeout(idleMilliseconds, () => upstream.destroy());
    upstream.on('close', () => socket.end());
    socket.on('close', () => upstream.destroy());
    upstream.write(head);
    join(upstream, socket, first);
  });
  request.end();
}

function join(upstream: Duplex, socket: Duplex, first: Buffer = Buffer.alloc(0)): void {
  socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
  socket.write(first);
  upstream.pipe(socket);
  socket.pipe(upstream);
}
