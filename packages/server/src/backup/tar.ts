import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { BackupError } from './backup-error.ts';

/** Packs files of a folder, in this order. */
export async function packFiles(folder: string, files: readonly string[], output: string): Promise<void> {
  await runTar([
    '--create',
    '--format=posix',
    '--owner=0',
    '--group=0',
    '--file',
    output,
    '-C',
    folder,
    '--',
    ...files,
  ]);
}

/** Unpacks into an empty folder. tar itself keeps names inside of it; what came out is for the caller to check. */
export async function unpackFiles(archive: string, folder: string): Promise<void> {
  await runTar(['--extract', '--no-same-owner', '--no-same-permissions', '--file', archive, '-C', folder]);
}

async function runTar(tarArguments: readonly string[]): Promise<void> {
  const child = spawn('tar', tarArguments, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(-2000);
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (cause) => {
      reject(new BackupError('TOOL_FAILED', `The program tar cannot be run: ${cause.message}`, { cause }));
    });
    child.on('close', resolve);
  });
  if (exitCode !== 0) throw new BackupError('TOOL_FAILED', `tar failed: ${complaint.trim()}`);
}

/** The SHA-256 of a file, hexadecimal. */
export async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
