import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Database } from '../database/tables.ts';
import type { Dependencies } from '../dependencies.ts';
import type { OperationContext } from '../operations/operation.ts';
import { checkAddress, signAddress } from './signed-address.ts';

export interface Download {
  readonly contentType: string;
  /** A stream where it is long. */
  readonly body: Uint8Array | Readable;
}

/** What sources read from. */
export interface DownloadParts {
  readonly db: Database;
  readonly dependencies: Pick<Dependencies, 'clock' | 'downloadKey' | 'commandOutputLimitBytes'>;
}

/** One kind of thing that signed addresses lead to. */
export interface DownloadSource {
  /** What comes between `/downloads/` and the name: `patch-snapshots`. */
  readonly folder: string;
  /** What has a name, given in its parts; undefined when it is gone. The signature has been checked. */
  readonly read: (name: readonly string[], parts: DownloadParts) => Promise<Download | undefined>;
}

/** An address for the caller at which a source's thing can be read until it expires. */
export function addressOf(
  { folder }: DownloadSource,
  name: readonly string[],
  lifetimeMilliseconds: number,
  { origin, now, dependencies }: Pick<OperationContext, 'origin' | 'now' | 'dependencies'>,
): string {
  const path = ['', 'downloads', folder, ...name.map(encodeURIComponent)].join('/');
  return signAddress(origin, path, new Date(now.getTime() + lifetimeMilliseconds), dependencies.downloadKey);
}

function refuse(reply: FastifyReply, statusCode: number, message: string): FastifyReply {
  return reply.code(statusCode).type('application/json').send(JSON.stringify({ message }));
}

/** Serves what signed addresses lead to. Nothing else about the caller is asked: the address is the permission. */
export function serveDownloads(
  app: FastifyInstance,
  parts: DownloadParts & { readonly sources: readonly DownloadSource[] },
): void {
  const sources = new Map(parts.sources.map((source) => [source.folder, source]));
  // The rest of the path as it is: the router limits how long a part of a path may be that it names.
  app.get<{ Params: { folder: string } }>('/downloads/:folder/*', async (request, reply) => {
    const now = parts.dependencies.clock();
    void reply
      .header('Date', now.toUTCString())
      .header('Cache-Control', 'private, no-store')
      .header('X-Content-Type-Options', 'nosniff');
    const address = request.raw.url ?? '';
    const state = checkAddress(address, now, parts.dependencies.downloadKey);
    if (state === 'forged') return refuse(reply, 403, 'This address was not signed by this server.');
    if (state === 'expired') return refuse(reply, 403, 'This address has expired: ask for a new one.');
    // What was signed here can be decoded.
    const name = address.replace(/\?.*$/, '').split('/').slice(3).map(decodeURIComponent);
    const found = await sources.get(request.params.folder)?.read(name, parts);
    if (!found) return refuse(reply, 404, 'What this address led to is gone.');
    return reply.type(found.contentType).send(found.body);
  });
}
