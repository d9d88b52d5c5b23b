import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { DataDirectoryLayout } from './data-directory.ts';

/** What last used a data directory, so that another release can say whose data it is. */
export const VersionRecord = z.object({
  patchbayVersion: z.string(),
  /** Of the embedded PostgreSQL, or of the server behind --database-url. */
  postgresMajor: z.number().int(),
  startedAt: z.iso.datetime(),
});
export type VersionRecord = z.infer<typeof VersionRecord>;

export async function writeVersionRecord({ version }: DataDirectoryLayout, record: VersionRecord): Promise<void> {
  await writeFile(`${version}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  await rename(`${version}.new`, version);
}

/** Null where no release has written one, or nobody can read it: it explains and decides nothing. */
export async function readVersionRecord({ version }: DataDirectoryLayout): Promise<VersionRecord | null> {
  try {
    return VersionRecord.parse(JSON.parse(await readFile(version, 'utf8')));
  } catch {
    return null;
  }
}
