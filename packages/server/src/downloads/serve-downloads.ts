import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Database } from '../database/tables.ts';
import type { Dependencies } from '../dependencies.ts';
import { checkAddress } from './signed-address.ts';

export interface Download {
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** One kind of thing that signed addresses lead to. */
export interface DownloadSource {
  /** What comes between `/downloads/` and the name: `patch-snapshots`. */
  readonly folder: string;
  /** What has a name; undefined when it is gone. The signature has been checked. */
  readonly read: (name: string, db: Database) => Promise<Download | undefined>;
}

/** The path at which a source's thing is found. */
export function downloadPath(source: DownloadSource, name: string): string {
  return `/downloads/${source.folder}/${name}`;
}

function refuse(reply: FastifyReply, statusCode: number, message: string): FastifyReply {
  return reply.code(statusCode).type('application/json').send(JSON.stringify({ message }));
}

/** Serves what signed addresses lead to. Nothing else about the caller is asked: the address is the permission. */
export function serveDownloads(
  app: FastifyInstance,
  parts: {
    readonly db: Database;
    readonly dependencies: Pick<Dependencies, 'clock' | 'downloadKey'>;
    readonly sources: readonly DownloadSource[];
  },
): void {
  const sources = new Map(parts.sources.map((source) => [source.folder, source]));
  app.get<{ Params: { folder: string; name: string } }>('/downloads/:folder/:name', async (request, reply) => {
    const now = parts.dependencies.clock();
    void reply.header('Date', now.toUTCString()).header('Cache-Control', 'private, no-store');
    const state = checkAddress(request.raw.url ?? '', now, parts.dependencies.downloadKey);
    if (state === 'forged') return refuse(reply, 403, 'This address was not signed by this server.');
    if (state === 'expired') return refuse(reply, 403, 'This address has expired: ask for a new one.');
    const { folder, name } = request.params;
    const found = await sources.get(folder)?.read(name, parts.db);
    if (!found) return refuse(reply, 404, 'What this address led to is gone.');
    return reply.type(found.contentType).send(found.body);
  });
}
