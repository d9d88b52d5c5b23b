import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
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

/** Finds out, before anything is started, what would keep the server from listening. Throws ListenError. */
export async function requireFreePort(config: ServerConfig): Promise<void> {
  if (config.port === 0) return;
  const probe = createServer();
  await explained(config, async () => {
    probe.listen({ host: config.host, port: config.port });
    await once(probe, 'listening');
  });
  probe.close();
  await once(probe, 'close');
}

/** Begins to listen and tells the address that was really taken. Throws ListenError. */
export async function listen(app: FastifyInstance, config: ServerConfig): Promise<string> {
  // The kernel caps it; the default would drop agents that all come back at once.
  await explained(config, () => app.listen({ host: config.host, port: config.port, backlog: 4096 }));
  const { port } = app.server.address() as AddressInfo;
  return `${config.tls.kind === 'none' ? 'http' : 'https'}://${bracketed(callableHost(config))}:${port}`;
}

async function explained({ host, port }: ServerConfig, attempt: () => Promise<unknown>): Promise<void> {
  try {
    await attempt();
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? reasons[String(error.code)] : undefined;
    if (!reason) throw error;
    throw new ListenError(reason[0], reason[1](`${bracketed(host)}:${port}`), { cause: error });
  }
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
