import { createReadStream } from 'node:fs';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type AgentPackage, type AgentPackages, signedElsewhere } from './agent-packages.ts';
import { readByteRange } from './byte-range.ts';

const methods = ['GET', 'HEAD'];
const latestName = /^patchbay-agent_latest_(?<architecture>[a-z0-9]+)\.deb$/;

/**
 * `/agent/`: the packages of the agent, for machines that are not enrolled yet and so without a signature. Only names that
 * the list of packages has are ever looked up.
 */
export function registerAgentPackageRoutes(app: FastifyInstance, packages: AgentPackages): void {
  const sendIndex = async (_request: FastifyRequest, reply: FastifyReply) => {
    const listed = (await packages.list()).map(({ path: _path, ...told }) => told);
    return sendText(reply, 'application/json', `${JSON.stringify({ packages: listed }, null, 2)}\n`);
  };
  for (const url of ['/agent', '/agent/']) app.route({ method: methods, url, handler: sendIndex });
  app.route<{ Params: { fileName: string } }>({
    method: methods,
    url: '/agent/:fileName',
    handler: async (request, reply) => {
      const { fileName } = request.params;
      if (fileName === signedElsewhere.checksums) {
        return sendText(reply, 'text/plain; charset=utf-8', (await packages.readChecksums()).text);
      }
      if (fileName === signedElsewhere.signature) {
        return sendText(reply, 'text/plain; charset=utf-8', `${(await packages.readChecksums()).signature}\n`);
      }
      if (fileName === signedElsewhere.publicKey) {
        return sendText(reply, 'text/plain; charset=utf-8', `${(await packages.readReleaseKey()).publicKey}\n`);
      }
      const architecture = latestName.exec(fileName)?.groups?.['architecture'];
      if (architecture !== undefined) {
        const latest = await packages.findLatest(architecture);
        if (latest !== null) return reply.redirect(latest.fileName, 302);
      }
      const found = (await packages.list()).find((each) => each.fileName === fileName);
      if (found !== undefined) return sendPackage(request, reply, found);
      reply.code(404);
      return sendText(
        reply,
        'text/plain; charset=utf-8',
        'There is no such package of the agent here. Build one with: ./patchbay agent-package build\n',
      );
    },
  });
}

function sendText(reply: FastifyReply, contentType: string, text: string): FastifyReply {
  const body = Buffer.from(text);
  reply.header('content-type', contentType).header('cache-control', 'no-cache').header('content-length', body.length);
  return reply.request.method === 'HEAD' ? reply.send() : reply.send(body);
}

function sendPackage(request: FastifyRequest, reply: FastifyReply, found: AgentPackage): FastifyReply {
  const { path, sizeBytes, sha256 } = found;
  const tag = `"${sha256}"`;
  reply
    .header('content-type', 'application/vnd.debian.binary-package')
    .header('accept-ranges', 'bytes')
    .header('cache-control', 'no-cache')
    .header('etag', tag);
  // A range of what was another file before would make a mixture (RFC 9110, section 13.1.5).
  const condition = request.headers['if-range'];
  const isSame = condition === undefined || condition === tag;
  const range = readByteRange(isSame ? request.headers.range : undefined, sizeBytes);
  if (range === 'unsatisfiable') return reply.code(416).header('content-range', `bytes */${sizeBytes}`).send();
  const { first, last } = range === 'whole' ? { first: 0, last: sizeBytes - 1 } : range;
  if (range !== 'whole') reply.code(206).header('content-range', `bytes ${first}-${last}/${sizeBytes}`);
  reply.header('content-length', last - first + 1);
  return request.method === 'HEAD' ? reply.send() : reply.send(createReadStream(path, { start: first, end: last }));
}
