import { once } from 'node:events';
import { createConnection, createServer, type Server } from 'node:net';
import { pipeline } from 'node:stream';

/** `127.0.0.1:80`, or the path of a Unix socket: those are the same in every network namespace. */
function parseEnd(end: string): { path: string } | { host: string; port: number } {
  if (end.startsWith('/')) return { path: end };
  const [host = '', port = ''] = end.split(':');
  return { host, port: Number(port) };
}

/** Passes every connection on, so that a test reaches into a network namespace without joining it. */
export async function startRelay(from: string, to: string): Promise<Server> {
  const relay = createServer((incoming) => {
    const outgoing = createConnection(parseEnd(to));
    // Whichever end breaks, the other one is closed; who talks through it sees that for itself.
    pipeline(incoming, outgoing, () => undefined);
    pipeline(outgoing, incoming, () => undefined);
  });
  relay.listen(parseEnd(from));
  await once(relay, 'listening');
  return relay;
}

if (import.meta.main) {
  const [from = '', to = ''] = process.argv.slice(2);
  await startRelay(from, to);
  console.log('ready');
}
