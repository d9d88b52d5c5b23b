import { OperatingSystem, ReleaseFields } from '@patchbay/facts';
import { z } from 'zod';
import { defineContract } from './contract.ts';

const Timestamp = z.iso.datetime();
const Word = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.+_-]*$/);

/** An archive that the server looks at itself. */
export const ArchiveWatch = z.object({
  watchId: z.string(),
  uri: z.string(),
  suite: z.string(),
  components: z.array(z.string()),
  architectures: z.array(z.string()),
  /** The file it was taken from, or `uploaded`, and the sum of its bytes. */
  keyring: z.object({ name: z.string(), sha256: z.string() }),
  /** What its packages are patches of; null where nobody said so and the Release file does not tell. */
  operatingSystem: OperatingSystem.nullable(),
  product: z.string().nullable(),
  createdAt: Timestamp,
  lastAttemptAt: Timestamp.nullable(),
  /** When it was last found current. */
  lastSuccessAt: Timestamp.nullable(),
  /** What was wrong with the last attempt; null when nothing was. */
  problem: z.string().nullable(),
  /** From the Release file that was verified last. */
  release: ReleaseFields.nullable(),
  /** How many package versions it offers. */
  packageCount: z.number().int(),
});
export type ArchiveWatch = z.infer<typeof ArchiveWatch>;

/** Watches an archive from now on. Nothing is fetched before the first refresh. */
export const AddArchiveWatch = defineContract(
  'AddArchiveWatch',
  'person',
  z.object({
    /** http, https, or file for a directory that the server was started with. Exactly as the nodes' sources have it. */
    uri: z.string().min(1).max(1000),
    suite: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9.+_/-]*[A-Za-z0-9]$/, 'A suite is a name like bookworm-security')
      .refine((suite) => !suite.split('/').includes('..'), 'A suite is a name like bookworm-security'),
    components: z.array(Word).min(1).max(20),
    architectures: z.array(Word).min(1).max(20),
    keyring: z.union([
      /** A file of /usr/share/keyrings on the server, by its name. */
      z.object({ file: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.+_-]*\.(gpg|asc|pgp)$/) }),
      /** Base64 of a keyring, binary or armored. */
      z.object({ content: z.base64().max(1_000_000) }),
    ]),
    operatingSystem: OperatingSystem.optional(),
    product: z
      .string()
      .regex(/^[A-Za-z]+[0-9.]*$/)
      .max(50)
      .optional(),
  }),
  z.object({ watch: ArchiveWatch }),
);

export const ListArchiveWatches = defineContract(
  'ListArchiveWatches',
  'person',
  z.object({ maxResults: z.number().int().min(1).max(100).optional(), nextToken: z.string().optional() }),
  z.object({ watches: z.array(ArchiveWatch), nextToken: z.string().optional() }),
);

/** Stops watching. What was seen stays: it dates versions. */
export const RemoveArchiveWatch = defineContract(
  'RemoveArchiveWatch',
  'person',
  z.object({ watchId: z.string() }),
  z.object({}),
);

/** Looks at an archive now, and answers what came of it. */
export const RefreshArchiveWatch = defineContract(
  'RefreshArchiveWatch',
  'person',
  z.object({ watchId: z.string() }),
  z.object({ watch: ArchiveWatch }),
);
