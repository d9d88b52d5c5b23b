import { realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { ParentImage } from '@patchbay/contracts';
import type { ImageSource, ImageStore } from '../images/index.ts';
import { BuilderError } from './builder-error.ts';

export interface OfferedImageParts {
  readonly store: Pick<ImageStore, 'readSource'>;
  /** As `BuilderSettings` has it. */
  readonly parentImageDirectory: string | null;
}

/**
 * An image that lies on this builder, because whoever runs it put it there for recipes: an OCI layout, an archive of an
 * image or of a root file system. Nothing outside of its directory can be named, by symbolic links neither.
 * @throws BuilderError PARENT_IMAGE, ImageError NOT_AN_IMAGE
 */
export async function readOfferedImage(
  { path, imageName }: Extract<ParentImage, { kind: 'builder' }>,
  { store, parentImageDirectory }: OfferedImageParts,
): Promise<{ readonly reference: string; readonly source: ImageSource }> {
  const reference = `builder://${path}${imageName === null ? '' : `:${imageName}`}`;
  const refuse = (reason: string) =>
    new BuilderError('PARENT_IMAGE', `The parent image ${reference} cannot be used: ${reason}.`);
  if (parentImageDirectory === null) {
    throw refuse('this builder offers no images; one does that is started with --parent-images DIRECTORY');
  }
  const file = locate(parentImageDirectory, path);
  if (file === null) throw refuse(`there is no ${path} in ${parentImageDirectory} of this builder`);
  const source = await store.readSource(file);
  switch (source.kind) {
    case 'layout':
    case 'oci-archive':
    case 'docker-archive':
      return { reference, source: { ...source, name: imageName } };
    case 'root-archive':
      if (imageName === null) return { reference, source };
      throw refuse(`${path} is a root file system and holds no images by name`);
    default:
      throw refuse(`${path} is neither an OCI layout nor an archive`);
  }
}

/** Null where nothing is there, or nothing that lies in the directory. */
function locate(directory: string, path: string): string | null {
  try {
    const file = realpathSync(join(directory, path));
    return file.startsWith(`${realpathSync(directory)}${sep}`) ? file : null;
  } catch {
    return null;
  }
}
