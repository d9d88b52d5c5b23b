import { createHash, randomUUID } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { gzipInMembers } from './gzip-in-members.ts';
import { ImageError } from './image-error.ts';
import { digestOf } from './image-manifest.ts';

/** A layer as it is sent, and the digest of what is in it. */
export interface StoredLayer {
  readonly digest: string;
  readonly size: number;
  readonly diffId: string;
}

/** Manifests, configurations and layers by their digests; nothing is ever changed. */
export interface BlobStore {
  has(blob: { readonly digest: string; readonly size: number }): boolean;
  read(digest: string): Promise<Uint8Array>;
  put(bytes: Uint8Array): Promise<string>;
  /** Takes a file over, if it is what it should be. @throws ImageError STORE_DAMAGED */
  take(file: string, blob: { readonly digest: string; readonly size: number }): Promise<void>;
  /** Compresses a tar stream, or keeps one that is. */
  putLayer(tar: Readable, form: 'tar' | 'gzip'): Promise<StoredLayer>;
  /** Removes what is not wanted and was there before. */
  removeOthers(wanted: ReadonlySet<string>, madeBefore: Date): void;
  /** Gives a blob a second name on the same file system. */
  link(digest: string, path: string): void;
  open(digest: string): Readable;
}

export function openBlobStore(directory: string): BlobStore {
  const folder = join(directory, 'sha256');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const pathOf = (digest: string) => join(folder, digest.slice('sha256:'.length));
  const unfinished = () => join(folder, `.${process.pid}.${randomUUID()}`);

  /** Whole on the disk before it gets its name: a power cut leaves no half of it. */
  const keep = async (file: string, digest: string): Promise<void> => {
    const handle = await open(file, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    renameSync(file, pathOf(digest));
  };
  const store: BlobStore = {
    has: ({ digest, size }) => statSync(pathOf(digest), { throwIfNoEntry: false })?.size === size,
    async read(digest) {
      const bytes = await readFile(pathOf(digest)).catch((error: unknown) => {
        throw new ImageError('STORE_DAMAGED', `The image store lacks ${digest}: pull the image again.`, {
          cause: error,
        });
      });
      if (digestOf(bytes) === digest) return bytes;
      rmSync(pathOf(digest), { force: true });
      throw new ImageError(
        'STORE_DAMAGED',
        `In the image store ${digest} was damaged and is removed: pull the image again.`,
      );
    },
    async put(bytes) {
      const digest = digestOf(bytes);
      if (store.has({ digest, size: bytes.length })) return digest;
      const file = unfinished();
      await pipeline(
        async function* () {
          yield bytes;
        },
        createWriteStream(file, { mode: 0o600 }),
      );
      await keep(file, digest);
      return digest;
    },
    async take(source, blob) {
      if (store.has(blob)) return;
      const file = unfinished();
      const hash = meter();
      await pipeline(createReadStream(source), hash.stream, createWriteStream(file, { mode: 0o600 }));
      if (hash.digest() === blob.digest && hash.size() === blob.size) return await keep(file, blob.digest);
      rmSync(file, { force: true });
      throw new ImageError('NOT_AN_IMAGE', `What should be ${blob.digest} is ${hash.digest()}: the image is damaged.`);
    },
    async putLayer(tar, form) {
      const file = unfinished();
      const [plain, packed] = [meter(), meter()];
      const target = createWriteStream(file, { mode: 0o600 });
      try {
        if (form === 'tar') await pipeline(tar, plain.stream, gzipInMembers, packed.stream, target);
        else {
          const copy = new PassThrough();
          packed.stream.on('data', (chunk: Buffer) => copy.write(chunk));
          packed.stream.on('end', () => copy.end());
          const drain = pipeline(copy, createGunzip(), plain.stream, discard());
          await Promise.all([pipeline(tar, packed.stream, target), drain]);
        }
      } catch (error) {
        rmSync(file, { force: true });
        throw error;
      }
      const digest = packed.digest();
      await keep(file, digest);
      return { digest, size: packed.size(), diffId: plain.digest() };
    },
    removeOthers(wanted, madeBefore) {
      for (const name of readdirSync(folder)) {
        const made = statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
        if (!wanted.has(`sha256:${name}`) && made < madeBefore.getTime()) rmSync(join(folder, name), { force: true });
      }
    },
    link(digest, path) {
      if (!existsSync(path)) linkSync(pathOf(digest), path);
    },
    open: (digest) => createReadStream(pathOf(digest)),
  };
  return store;
}

/** A stream that passes everything on and knows its digest. */
function meter() {
  const hash = createHash('sha256');
  let size = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  let known: string | null = null;
  return {
    stream,
    size: () => size,
    digest: () => {
      known ??= `sha256:${hash.digest('hex')}`;
      return known;
    },
  };
}

function discard(): Transform {
  return new Transform({ transform: (_chunk, _encoding, done) => done() });
}
