import type { AddressInfo } from 'node:net';
import { AppError } from '@patchbay/facts';
import type { FastifyInstance } from 'fastify';
import { isEveryAddress } from './addresses.ts';
import type { ServerConfig } from './config.ts';

export class ListenError extends AppError<'PORT_TAKEN' | 'PORT_NOT_PERMITTED' | 'ADDRESS_NOT_AVAILABLE'> {}

const reasons: Readonly<Record<string, readonly [ListenError['code'], (where: string) => string]>> = {
  EADDRINUSE: ['PORT_TAKEN', (where) => `Something else listens on ${where} already. Choose another port with --port.`],
  EACCES: ['PORT_NOT_PERMITTED', (where) => `This user may not listen on ${where}. Choose a port above 1023.`],
  EADDRNOTAVAIL: ['ADDRESS_NOT_AVAILABLE', (where) => `This machine has no address for ${where}. Check --host.`],
  ENOTFOUND: ['ADDRESS_NOT_AVAILABLE', (where) => `The name in ${where} cannot be resolved. Check --host.`],
};

/** Begins to listen and tells the address that was really taken. Throws ListenError. */
export async function listen(app: FastifyInstance, config: ServerConfig): Promise<string> {
  try {
    // The kernel caps it; the default would drop agents that all come back at once.
    await app.listen({ host: config.host, port: config.port, backlog: 4096 });
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? reasons[String(error.code)] : undefined;
    if (!reason) throw error;
    throw new ListenError(reason[0], reason[1](`${bracketed(config.host)}:${config.port}`), { cause: error });
  }
  const { port } = app.server.address() as AddressInfo;
  return `${config.tls.kind === 'none' ? 'http' : 'https'}://${bracketed(callableHost(config))}:${port}`;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** By which name to call a server: all addresses together are none. */
function callableHost({ host, tls }: ServerConfig): string {
  if (!isEveryAddress(host)) return host;
  const [name] = tls.kind === 'auto' ? tls.names.filter((each) => !each.startsWith('*')) : [];
  return name ?? (host === '::' ? '::1' : '127.0.0.1');
}
