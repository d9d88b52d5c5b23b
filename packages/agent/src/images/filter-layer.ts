import { Transform } from 'node:stream';
import { ImageError } from './image-error.ts';

const blockBytes = 512;

/**
 * Drops entries from a tar stream (ustar, pax and GNU headers; POSIX.1-2001, pax) by the paths they have in the root,
 * without a slash in front. What is dropped from a layer stays as it is in the layers below. A whiteout has the path of
 * what it hides (OCI layer.md).
 */
export function filterLayer(leavesOut: (path: string) => boolean): Transform & { keptEntries(): number } {
  let pending: Buffer = Buffer.alloc(0);
  /** Headers (long names, pax records) that belong to the entry that follows. */
  let prelude: Buffer[] = [];
  let longName: string | null = null;
  let kept = 0;
  let isEnded = false;

  const filter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      try {
        consume();
        done();
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
    flush(done) {
      if (body !== null || pending.length > 0) {
        done(new ImageError('TOOL_FAILED', 'The layer ends in the middle of an entry.'));
        return;
      }
      this.push(Buffer.alloc(2 * blockBytes));
      done();
    },
  });

  /** The body that is being passed over. `held` gathers that of a prelude. */
  let body: { left: number; readonly use: 'pass' | 'drop' | 'long-name' | 'pax'; readonly held: Buffer[] } | null =
    null;

  function consume(): void {
    while (pending.length > 0) {
      if (isEnded) pending = Buffer.alloc(0);
      else if (body !== null) takeBody(body);
      else if (pending.length >= blockBytes) takeHeader();
      else return;
    }
  }

  function takeBody(current: NonNullable<typeof body>): void {
    const part = pending.subarray(0, current.left);
    pending = pending.subarray(part.length);
    current.left -= part.length;
    if (current.use === 'pass') filter.push(part);
    else if (current.use !== 'drop') current.held.push(part);
    if (current.left > 0) return;
    body = null;
    if (current.use !== 'long-name' && current.use !== 'pax') return;
    const bytes = Buffer.concat(current.held);
    prelude.push(bytes);
    const name = current.use === 'pax' ? readPaxPath(bytes) : untilNull(bytes);
    longName = name ?? longName;
  }

  function takeHeader(): void {
    const header = Buffer.from(pending.subarray(0, blockBytes));
    pending = pending.subarray(blockBytes);
    if (header.every((byte) => byte === 0)) {
      isEnded = true;
      return;
    }
    const type = String.fromCharCode(header[156] ?? 0);
    const left = Math.ceil(readNumber(header.subarray(124, 136)) / blockBytes) * blockBytes;
    if (type === 'x' || type === 'L' || type === 'K') {
      prelude.push(header);
      const use = type === 'x' ? 'pax' : 'long-name';
      // A long link target (K) is kept like a name and means nothing here.
      body = left === 0 ? null : { left, use: type === 'K' ? 'pax' : use, held: [] };
      return;
    }
    const name = longName ?? readName(header);
    const isKept = type === 'g' || !leavesOut(visiblePath(name));
    if (isKept) {
      for (const part of [...prelude, header]) filter.push(part);
      kept += 1;
    }
    prelude = [];
    longName = null;
    body = left === 0 ? null : { left, use: isKept ? 'pass' : 'drop', held: [] };
  }

  return Object.assign(filter, { keptEntries: () => kept });
}

function visiblePath(name: string): string {
  const path = name.replace(/^(?:\.?\/)+/, '').replace(/\/+$/, '');
  return path.replace(/(^|\/)\.wh\.(?!\.wh\.)([^/]+)$/, '$1$2');
}

function readName(header: Buffer): string {
  const name = untilNull(header.subarray(0, 100));
  const isUstar = header.subarray(257, 262).toString('latin1') === 'ustar';
  const prefix = isUstar && header[263] === 0x30 ? untilNull(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function untilNull(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end === -1 ? bytes.length : end).toString('utf8');
}

/** Octal, or base 256 where the first bit is set (GNU tar, "Extensions"). */
function readNumber(field: Buffer): number {
  if (((field[0] ?? 0) & 0x80) !== 0)
    return Number(field.subarray(1).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n));
  return Number.parseInt(untilNull(field).trim() || '0', 8);
}

/** A record is `LENGTH KEY=VALUE\n`, the length in bytes and of all of it. */
function readPaxPath(bytes: Buffer): string | null {
  let path: string | null = null;
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = space === -1 ? Number.NaN : Number(bytes.subarray(at, space).toString('latin1'));
    if (!Number.isInteger(length) || length <= 0) break;
    const record = bytes.subarray(space + 1, at + length - 1).toString('utf8');
    if (record.startsWith('path=')) path = record.slice('path='.length);
    at += length;
  }
  return path;
}
