import { z } from 'zod';

/** The tables of a backup in the order in which they can be filled; each is `COPY … TO` text, compressed. */
const BackedUpTable = z.object({
  name: z.string().regex(/^[a-z_][a-z0-9_]*$/),
  columns: z.array(z.string().regex(/^[a-z_][a-z0-9_]*$/)).min(1),
  rows: z.number().int().nonnegative(),
  file: z.string().regex(/^[a-z0-9_]+\.copy\.gz$/),
  /** Of the file as it is, hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** `manifest.json` of a backup: what it holds and what it takes to read it. */
export const Manifest = z.object({
  format: z.literal('patchbay-backup'),
  formatVersion: z.literal(1),
  patchbayVersion: z.string(),
  postgresMajor: z.number().int(),
  createdAt: z.iso.datetime(),
  accountId: z.string(),
  /** Names of the schema's migrations, oldest first. */
  migrations: z.array(z.string()).min(1),
  tables: z.array(BackedUpTable).min(1),
  sequences: z.array(z.object({ name: z.string().regex(/^[a-z_][a-z0-9_]*$/), lastValue: z.string().regex(/^\d+$/) })),
});
export type Manifest = z.infer<typeof Manifest>;
export type BackedUpTable = z.infer<typeof BackedUpTable>;

export const manifestFile = 'manifest.json';
export const sealedKeyFile = 'key.sealed.json';
