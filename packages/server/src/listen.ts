import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { AppError } from '@patchbay/facts';
import type { FastifyInstance } from 'fastify';
import { ConfigError, type ServerConfig } from './config.ts';

export class ListenError extends AppError<'PORT_TAKEN' | 'PORT_NOT_PERMITTED' | 'ADDRESS_NOT_AVAILABLE'> {}

const reasons: Readonly<Record<string, readonly [ListenError['code'], (where: string) => string]>> = {
  EADDRINUSE: ['PORT_TAKEN', (where) => `Something else listens on ${where} already. Choose another port with --port.`],
  EACCES: ['PORT_NOT_PERMITTED', (where) => `This user may not listen on ${where}. Choose a port above 1023.`],
  EADDRNOTAVAIL: ['ADDRESS_NOT_AVAILABLE', (where) => `This machine has no address for ${where}. Check --host.`],
  ENOTFOUND: ['ADDRESS_NOT_AVAILABLE', (where) => `The name in ${where} cannot be resolved. Check --host.`],
};

/** Certificate and key, where the configuration names them. Throws ConfigError for a file that cannot be read. */
export async function readTlsFiles(
  files: ServerConfig['tlsFiles'],
): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  if (!files) return undefined;
  const read = async (flag: string, path: string) => {
    try {
      return await readFile(path);
    } catch (error) {
      throw new ConfigError('INVALID_OPTION', `${flag} names ${path}, which cannot be read.`, { cause: error });
    }
  };
  return { cert: await read('--tls-cert', files.cert), key: await read('--tls-key', files.key) };
}

/** Begins to listen and tells the address that was really taken. Throws ListenError. */
export async function listen(app: FastifyInstance, config: ServerConfig): Promise<string> {
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  try {
    // The kernel caps it; the default would drop agents that all come back at once.
    await app.listen({ host: config.host, port: config.port, backlog: 4096 });
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? reasons[String(error.code)] : undefined;
    if (!reason) throw error;
    throw new ListenError(reason[0], reason[1](`${host}:${config.port}`), { cause: error });
  }
  const { port } = app.server.address() as AddressInfo;
  return `${config.tlsFiles ? 'https' : 'http'}://${host}:${port}`;
}
