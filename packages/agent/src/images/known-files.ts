import { createHash } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readTextOrNull } from '../state/index.ts';
import { ImageError } from './image-error.ts';
import { formatPlatform, type ImagePlatform } from './image-manifest.ts';
import { describeSource, type ImageSource } from './image-source.ts';
import { writeSharedFile } from './shared-file.ts';
import { loadImage, type StoredImage, type StoreParts } from './store-parts.ts';

/**
 * Reads an archive once for as long as it is the same file: no program changes one without its ctime changing
 * (inode(7)).
 */
export async function onceForFile(
  parts: StoreParts,
  source: Extract<ImageSource, { readonly file: string }>,
  platform: ImagePlatform,
  read: () => Promise<StoredImage>,
): Promise<StoredImage> {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(source.file, { bigint: true });
  const identity = [source.kind, describeSource(source), formatPlatform(platform), dev, ino, size, mtimeNs, ctimeNs];
  return await onceFor(parts, identity.join('\n'), read);
}

function nullIfDamaged(error: unknown): null {
  if (error instanceof ImageError && error.code === 'STORE_DAMAGED') return null;
  throw error;
}

/** Raised when the same archive becomes another image. */
const importVersion = 2;

/** Makes an image once for as long as it is here, of what always gives the same one. */
export async function onceFor(
  parts: StoreParts,
  identity: string,
  read: () => Promise<StoredImage>,
): Promise<StoredImage> {
  const folder = join(parts.directory, 'files');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const record = join(folder, createHash('sha256').update(`${importVersion}\n${identity}`).digest('hex'));
  const digest = readTextOrNull(record)?.trim();
  // One that is damaged is made again.
  const known = digest === undefined ? null : await loadImage(parts, digest).catch(nullIfDamaged);
  if (known !== null) return known;
  const image = await read();
  writeSharedFile(record, `${image.digest}\n`);
  return image;
}
