import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type HttpConnection, UnreachableError } from '../client/index.ts';
import type { ReleasedPackage } from './release-index.ts';
import { UpdateError } from './update-error.ts';

const smallFileLimits = { timeoutSeconds: 30, mostBytes: 1024 * 1024 };
/** A slow line gets half an hour for some thirty megabytes. */
const packageLimits = { timeoutSeconds: 1800, mostBytes: 512 * 1024 * 1024 };

/** A small file below `/agent/` of the control plane. @throws UnreachableError, UpdateError NOT_SERVED */
export async function fetchReleaseFile(connection: Pick<HttpConnection, 'get'>, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const statusCode = await connection.get(`/agent/${name}`, smallFileLimits, (chunk) => chunks.push(chunk));
  requireFound(statusCode, name);
  return Buffer.concat(chunks);
}

function requireFound(statusCode: number, name: string): void {
  if (statusCode === 200) return;
  if (statusCode >= 500)
    throw new UnreachableError('NO_ANSWER', `The control plane answered ${statusCode} for ${name}`);
  throw new UpdateError('NOT_SERVED', `The control plane does not serve ${name} (${statusCode}).`);
}

/** The file of a package with exactly the digest that was signed: the one that is there, or a new download. */
export async function obtainPackage(
  directory: string,
  wanted: ReleasedPackage,
  connection: Pick<HttpConnection, 'get'>,
): Promise<string> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, wanted.fileName);
  if (existsSync(path) && digestOf(path) === wanted.sha256) return path;
  const draft = `${path}.new`;
  const file = openSync(draft, 'w', 0o600);
  const hash = createHash('sha256');
  try {
    const statusCode = await connection.get(`/agent/${wanted.fileName}`, packageLimits, (chunk) => {
      hash.update(chunk);
      for (let written = 0; written < chunk.length; ) written += writeSync(file, chunk, written);
    });
    requireFound(statusCode, wanted.fileName);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (hash.digest('hex') !== wanted.sha256) {
    rmSync(draft);
    throw new UpdateError(
      'DAMAGED_DOWNLOAD',
      `${wanted.fileName} is not the file that was signed: it was changed or cut short on the way.`,
    );
  }
  renameSync(draft, path);
  return path;
}

/** Removes all packages but these. */
export function keepPackages(directory: string, kept: readonly string[]): void {
  for (const name of readdirSync(directory)) {
    if (!kept.includes(join(directory, name))) rmSync(join(directory, name), { force: true });
  }
}

function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
