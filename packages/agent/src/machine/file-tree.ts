import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFile,
  readlinkSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { type FileStatus, MachineError } from './machine.ts';

const readOpenFile = promisify(readFile);

/** open(2): O_PATH takes hold of a file without opening it, so no device or FIFO is touched. Node has no name for it. */
const openPathOnly = 0o10000000;
const holdFlags = openPathOnly | constants.O_NOFOLLOW;
/** As many as the kernel allows (path_resolution(7)). */
const symlinkLimit = 40;

/** Files below one directory, resolved so that no symlink and no `..` ever leads out of it (the openat2(2) flag RESOLVE_IN_ROOT, by hand). */
export interface FileTree {
  readFile(path: string): Promise<Uint8Array | null>;
  stat(path: string): FileStatus | null;
  listDirectory(path: string): string[] | null;
  /** Refuses symlinks in the way; makes missing directories. */
  writeFile(path: string, content: string | Uint8Array): void;
  close(): void;
}

/** @throws MachineError ROOT_MISSING */
export function openFileTree(directory: string): FileTree {
  let root: number;
  try {
    root = openSync(directory, openPathOnly | constants.O_DIRECTORY);
  } catch (error) {
    throw new MachineError('ROOT_MISSING', `${directory} is not a directory that can be opened`, { cause: error });
  }
  return {
    async readFile(path) {
      const held = resolveInTree(root, path);
      if (held === null) return null;
      try {
        if (!fstatSync(held).isFile()) throw new MachineError('NOT_A_FILE', `${path} is not a regular file`);
        const opened = openSync(`/proc/self/fd/${held}`, constants.O_RDONLY);
        try {
          return await readOpenFile(opened);
        } finally {
          closeSync(opened);
        }
      } catch (error) {
        throw describeFailure(path, error);
      } finally {
        closeSync(held);
      }
    },
    stat(path) {
      const held = resolveInTree(root, path);
      if (held === null) return null;
      try {
        const found = fstatSync(held);
        const kind = found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other';
        return { kind, modifiedAtMs: found.mtimeMs, sizeBytes: found.size, inode: found.ino };
      } finally {
        closeSync(held);
      }
    },
    listDirectory(path) {
      const held = resolveInTree(root, path);
      if (held === null) return null;
      try {
        return fstatSync(held).isDirectory() ? readdirSync(`/proc/self/fd/${held}`).sort() : null;
      } catch (error) {
        throw describeFailure(path, error);
      } finally {
        closeSync(held);
      }
    },
    writeFile(path, content) {
      try {
        writeInTree(root, path, content);
      } catch (error) {
        throw describeFailure(path, error);
      }
    },
    close() {
      closeSync(root);
    },
  };
}

/** A descriptor of what the path leads to, to be closed by the caller; null when there is nothing. */
function resolveInTree(root: number, path: string): number | null {
  const pending = splitPath(path).toReversed();
  // The directories from the root down to where we are, so that `..` goes back the way we came.
  const held: number[] = [];
  let symlinks = 0;
  try {
    let current = holdChild(root, '.');
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (name === '..') {
        const parent = held.pop();
        if (parent !== undefined) current = replaceDescriptor(current, parent);
        continue;
      }
      let child: number;
      try {
        child = holdChild(current, name);
      } catch (error) {
        closeSync(current);
        if (isAbsence(error)) return null;
        throw describeFailure(path, error);
      }
      if (!fstatSync(child).isSymbolicLink()) {
        held.push(current);
        current = child;
        continue;
      }
      closeSync(child);
      symlinks += 1;
      if (symlinks > symlinkLimit) {
        closeSync(current);
        throw new MachineError('TOO_MANY_SYMLINKS', `${path} leads through more than ${symlinkLimit} symlinks`);
      }
      const target = readlinkSync(`/proc/self/fd/${current}/${name}`);
      if (target.startsWith('/')) {
        current = replaceDescriptor(current, holdChild(root, '.'));
        for (const directory of held.splice(0)) closeSync(directory);
      }
      pending.push(...splitPath(target).toReversed());
    }
    return current;
  } finally {
    for (const directory of held) closeSync(directory);
  }
}

function writeInTree(root: number, path: string, content: string | Uint8Array): void {
  const names = splitPath(path);
  const fileName = names.pop();
  if (fileName === undefined || fileName === '..' || names.includes('..')) {
    throw new MachineError('INVALID_COMMAND', `${path} does not name a file below the work directory`);
  }
  let directory = holdChild(root, '.');
  try {
    for (const name of names) {
      makeDirectory(`/proc/self/fd/${directory}/${name}`);
      directory = replaceDescriptor(directory, holdDirectory(directory, name));
    }
    const temporary = `/proc/self/fd/${directory}/.${randomUUID()}`;
    const file = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644);
    try {
      writeFileSync(file, content);
      fchmodSync(file, 0o644);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, `/proc/self/fd/${directory}/${fileName}`);
  } finally {
    closeSync(directory);
  }
}

function holdChild(directory: number, name: string): number {
  return openSync(`/proc/self/fd/${directory}/${name}`, holdFlags);
}

function holdDirectory(directory: number, name: string): number {
  return openSync(`/proc/self/fd/${directory}/${name}`, holdFlags | constants.O_DIRECTORY);
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, 0o755);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

function replaceDescriptor(old: number, replacement: number): number {
  closeSync(old);
  return replacement;
}

function splitPath(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function isAbsence(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

function describeFailure(path: string, error: unknown): MachineError {
  if (error instanceof MachineError) return error;
  return new MachineError('UNREADABLE', `${path} cannot be used: ${errorCode(error) ?? 'unknown error'}`, {
    cause: error,
  });
}
