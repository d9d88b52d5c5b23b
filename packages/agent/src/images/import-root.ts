import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ImageError } from './image-error.ts';
import { type ImageConfig, type ImagePlatform, mediaTypes } from './image-manifest.ts';
import { makeImage, readPlainLayer } from './make-image.ts';
import { keepMadeImage, type StoredImage, type StoreParts, withScratch } from './store-parts.ts';

export interface RootImport {
  readonly platform: ImagePlatform;
  /** What the image does when it is started. */
  readonly config?: NonNullable<ImageConfig['config']>;
  /** ISO 8601. */
  readonly created: string;
  /** Where it came from. */
  readonly name: string;
  /** For the image's history. */
  readonly createdBy?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Stands for the archive's content: with the same key and options it is not read again. */
  readonly contentKey?: string;
  /** Whether a container is wanted soon. */
  readonly isUnpacked?: boolean;
}

/** Makes an image of one layer from a tar archive of a root file system. */
export async function importRootArchive(parts: StoreParts, archive: string, options: RootImport): Promise<StoredImage> {
  const form = await readForm(archive);
  const { name, created, platform, createdBy = 'patchbay', annotations, isUnpacked = false } = options;
  const { os, architecture, variant } = platform;
  const configOf = (diffId: string) => ({
    created,
    architecture,
    ...(variant === null ? {} : { variant }),
    os,
    config: options.config ?? {},
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [{ created, created_by: createdBy }],
  });
  const noted = annotations === undefined ? {} : { annotations };
  parts.report(`Importing ${name}`);
  if (form === 'tar') {
    const top = await readPlainLayer(resolve(archive));
    const manifest = { layers: [], ...noted };
    return await makeImage(parts, { config: configOf(top.diffId), manifest, top, name, isUnpacked });
  }
  const { digest, size, diffId } = await parts.blobs.putLayer(createReadStream(archive), form);
  const manifest = { layers: [{ mediaType: mediaTypes.layer, digest, size }], ...noted };
  return await keepMadeImage(parts, { config: configOf(diffId), manifest }, name);
}

/** The same from a directory; what is mounted there and what a running system keeps is left out. */
export async function importRootDirectory(
  parts: StoreParts,
  directory: string,
  options: RootImport,
): Promise<StoredImage> {
  return await withScratch(parts, async (scratch) => {
    const archive = join(scratch, 'root.tar');
    const kept = ['--numeric-owner', '--one-file-system', '--sort=name', '--xattrs', '--xattrs-include=*'];
    const left = ['proc', 'sys', 'dev', 'run', 'tmp'].map((name) => `--exclude=./${name}/*`);
    await parts.run('tar', ['--create', ...kept, ...left, '--file', archive, '--directory', directory, '.']);
    return await importRootArchive(parts, archive, options);
  });
}

async function readForm(file: string): Promise<'tar' | 'gzip'> {
  const handle = await open(file, 'r');
  const start = Buffer.alloc(512);
  try {
    await handle.read(start, 0, start.length, 0);
  } finally {
    await handle.close();
  }
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip';
  if (start.subarray(257, 262).toString('latin1') === 'ustar') return 'tar';
  throw new ImageError(
    'NOT_AN_IMAGE',
    `${file} is neither a tar archive nor one compressed with gzip: unpack other compressions first.`,
  );
}
