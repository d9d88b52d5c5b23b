import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

/** So large that compressing each part by itself costs next to nothing in size. */
const memberBytes = 4 * 1024 * 1024;

/** At once: libuv has four threads for this and for everybody's files and names (UV_THREADPOOL_SIZE). */
const mostAtOnce = Math.min(availableParallelism() + 1, 3);

/**
 * Compresses a stream as several gzip members in a row, which together are one gzip file (RFC 1952, 2.2), on several
 * processors. Where it is parted depends on the content alone: the same bytes in are the same bytes out.
 */
export async function* gzipInMembers(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const begun: Promise<Buffer>[] = [];
  for await (const part of inParts(source)) {
    const member = compress(part, { level: 6 });
    // Waited for below, perhaps after another one has failed.
    member.catch(() => {});
    begun.push(member);
    if (begun.length >= mostAtOnce) yield await (begun.shift() as Promise<Buffer>);
  }
  for (const member of begun) yield await member;
}

/** At least one, perhaps empty; all but the last of the same size. */
async function* inParts(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  let isAny = false;
  for await (let chunk of source) {
    while (bytes + chunk.length >= memberBytes) {
      const room = memberBytes - bytes;
      yield Buffer.concat([...waiting, chunk.subarray(0, room)]);
      chunk = chunk.subarray(room);
      [waiting, bytes, isAny] = [[], 0, true];
    }
    if (chunk.length === 0) continue;
    waiting.push(chunk);
    bytes += chunk.length;
  }
  if (bytes > 0 || !isAny) yield Buffer.concat(waiting);
}
