import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ImageSource } from '../images/index.ts';
import { makePrivateDirectory } from '../test-support/private-directory.ts';
import { readOfferedImage } from './offered-image.ts';

describe('an image that a builder offers', () => {
  let parentImageDirectory: string;
  let root: string;
  /** Takes a name with `layout` in it for a layout, `root` for a root, and everything else for a directory. */
  const store = {
    readSource: async (path: string): Promise<ImageSource> => {
      if (path.includes('layout')) return { kind: 'layout', directory: path, name: null };
      return path.includes('root') ? { kind: 'root-archive', file: path } : { kind: 'root-directory', directory: path };
    },
  };
  const read = async (path: string, imageName: string | null = null) =>
    await readOfferedImage({ kind: 'builder', path, imageName }, { store, parentImageDirectory });

  beforeEach(() => {
    root = makePrivateDirectory();
    parentImageDirectory = join(root, 'offered');
    mkdirSync(join(parentImageDirectory, 'base/layout'), { recursive: true });
    mkdirSync(join(parentImageDirectory, 'plain'));
    writeFileSync(join(parentImageDirectory, 'root.tar'), '');
    writeFileSync(join(root, 'root.tar'), '');
    mkdirSync(join(root, 'offered-not'));
    writeFileSync(join(root, 'offered-not/root.tar'), '');
  });

  it('is a file or a layout below its directory', async () => {
    expect(await read('root.tar')).toEqual({
      reference: 'builder://root.tar',
      source: { kind: 'root-archive', file: join(parentImageDirectory, 'root.tar') },
    });
    expect(await read('base/layout', '12')).toEqual({
      reference: 'builder://base/layout:12',
      source: { kind: 'layout', directory: join(parentImageDirectory, 'base/layout'), name: '12' },
    });
  });

  it('may be named by a link within its directory', async () => {
    symlinkSync('../root.tar', join(parentImageDirectory, 'base/newest'));
    expect((await read('base/newest')).source).toMatchObject({ file: join(parentImageDirectory, 'root.tar') });
  });

  it('is nothing outside of its directory, and not the directory itself', async () => {
    symlinkSync('../root.tar', join(parentImageDirectory, 'link'));
    symlinkSync('/', join(parentImageDirectory, 'all'));
    symlinkSync('.', join(parentImageDirectory, 'itself'));
    for (const path of [
      'link',
      'all/etc',
      'itself',
      '../root.tar',
      '../offered-not/root.tar',
      'absent',
      'root.tar/x',
    ]) {
      await expect(read(path), path).rejects.toThrow(`there is no ${path} in`);
    }
  });

  it('is no directory with a root file system, and no root file system by a name', async () => {
    await expect(read('plain')).rejects.toThrow('neither an OCI layout nor an archive');
    await expect(read('root.tar', '1')).rejects.toThrow('holds no images by name');
  });

  it('is none where the builder offers none', async () => {
    const parts = { store, parentImageDirectory: null };
    const order = { kind: 'builder', path: 'root.tar', imageName: null } as const;
    await expect(readOfferedImage(order, parts)).rejects.toThrow('--parent-images');
  });
});
