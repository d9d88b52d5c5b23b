import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FileTree, openFileTree } from './file-tree.ts';

let outside: string;
let root: string;
let tree: FileTree;

beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'file-tree-'));
  root = join(outside, 'root');
  mkdirSync(join(root, 'etc/deep'), { recursive: true });
  mkdirSync(join(root, 'usr/lib'), { recursive: true });
  writeFileSync(join(root, 'usr/lib/os-release'), 'inside');
  writeFileSync(join(root, 'secret'), 'inside secret');
  writeFileSync(join(outside, 'secret'), 'outside secret');
  mkdirSync(join(outside, 'directory'));
  writeFileSync(join(outside, 'directory/file'), 'outside file');
  tree = openFileTree(root);
});

afterEach(() => {
  tree.close();
  rmSync(outside, { recursive: true });
});

async function readText(path: string): Promise<string | null> {
  const content = await tree.readFile(path);
  return content === null ? null : Buffer.from(content).toString();
}

describe('openFileTree', () => {
  it.each([
    ['a relative symlink', 'etc/os-release', '../usr/lib/os-release', '/etc/os-release'],
    ['an absolute symlink', 'etc/os-release', '/usr/lib/os-release', '/etc/os-release'],
    ['a symlinked parent', 'lib', 'usr/lib', '/lib/os-release'],
    ['an absolute symlinked parent', 'etc/lib', '/usr/lib', '/etc/lib/os-release'],
    ['dots after a symlinked parent', 'etc/link', '/usr/lib', '/etc/link/../lib/os-release'],
  ])('follows %s inside the root', async (_case, link, target, path) => {
    symlinkSync(target, join(root, link));
    expect(await readText(path)).toBe('inside');
  });

  it('keeps a symlink with too many dots inside the root', async () => {
    symlinkSync('../../../../../secret', join(root, 'etc/escape'));
    expect(await readText('/etc/escape')).toBe('inside secret');
    expect(await readText('/../../secret')).toBe('inside secret');
  });

  it('does not reach a host file through an absolute symlink or a symlinked parent', async () => {
    symlinkSync(join(outside, 'secret'), join(root, 'etc/file'));
    symlinkSync(join(outside, 'directory'), join(root, 'etc/parent'));
    expect(await readText('/etc/file')).toBeNull();
    expect(await readText('/etc/parent/file')).toBeNull();
    expect(tree.listDirectory('/etc/parent')).toBeNull();
    expect(tree.stat('/etc/file')).toBeNull();
  });

  it('gives up on a symlink that leads to itself', async () => {
    symlinkSync('loop', join(root, 'etc/loop'));
    await expect(readText('/etc/loop')).rejects.toMatchObject({ code: 'TOO_MANY_SYMLINKS' });
  });

  it('answers null for what is absent and for a path through a file', async () => {
    expect(await readText('/nowhere')).toBeNull();
    expect(await readText('/secret/below')).toBeNull();
    expect(tree.listDirectory('/secret')).toBeNull();
  });

  it('refuses to read a directory and says so', async () => {
    await expect(readText('/etc')).rejects.toMatchObject({ code: 'NOT_A_FILE' });
  });

  it('lists and describes what it finds', () => {
    expect(tree.listDirectory('/')).toEqual(['etc', 'secret', 'usr']);
    expect(tree.stat('/secret')).toMatchObject({ kind: 'file', sizeBytes: 13 });
    expect(tree.stat('/etc')).toMatchObject({ kind: 'directory' });
  });

  it('writes a file and its folders, and replaces a symlink instead of following it', () => {
    symlinkSync(join(outside, 'secret'), join(root, 'etc/planted'));
    tree.writeFile('etc/planted', 'new');
    tree.writeFile('a/b/file', 'text');
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('outside secret');
    expect(readFileSync(join(root, 'etc/planted'), 'utf8')).toBe('new');
    expect(readFileSync(join(root, 'a/b/file'), 'utf8')).toBe('text');
  });

  it('refuses to write through a symlinked folder or above the tree', () => {
    symlinkSync(join(outside, 'directory'), join(root, 'folder'));
    expect(() => tree.writeFile('folder/file', 'new')).toThrow(expect.objectContaining({ code: 'UNREADABLE' }));
    expect(() => tree.writeFile('../file', 'new')).toThrow(expect.objectContaining({ code: 'INVALID_COMMAND' }));
    expect(readFileSync(join(outside, 'directory/file'), 'utf8')).toBe('outside file');
  });

  it('leaves no descriptor open', async () => {
    symlinkSync('/usr/lib', join(root, 'etc/link'));
    symlinkSync('loop', join(root, 'etc/loop'));
    const before = readdirSync('/proc/self/fd').length;
    await readText('/etc/link/../lib/os-release');
    await readText('/etc/deep/nowhere');
    await readText('/etc/loop').catch(() => null);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});
