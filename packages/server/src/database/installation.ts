import {
  type RandomBytes,
  type SecretBox,
  SIGNING_SEED_BYTES,
  type SigningKey,
  signingKeyFromSeed,
} from '../secrets/index.ts';
import { InstallationError } from './database-error.ts';
import type { Database } from './tables.ts';

/** What all replicas of one installation share. */
export interface Installation {
  /** Twelve digits. */
  readonly accountId: string;
  readonly createdAt: Date;
  readonly signingKey: SigningKey;
}

export interface InstallationOptions {
  readonly secrets: SecretBox;
  readonly now: Date;
  readonly randomBytes: RandomBytes;
  /** What the operator asked for; one is generated at the first start otherwise. */
  readonly accountId?: string;
}

const SEED_CONTEXT = 'installation.signing_seed';

/** Stands in the place of the key check from the first row of a restore to its last. */
export const restoreUnfinished = 'restore unfinished';

/** Tells key files apart without telling anything about them. */
export function keyCheckOf(secrets: SecretBox): string {
  return Buffer.from(secrets.deriveKey('key-check')).toString('base64url').slice(0, 22);
}

/** Reads the installation, making it at the first start. Errors: `InstallationError`, `SecretsError`. */
export async function openInstallation(database: Database, options: InstallationOptions): Promise<Installation> {
  const { secrets } = options;
  const keyCheck = keyCheckOf(secrets);
  const seed = Buffer.from(options.randomBytes(SIGNING_SEED_BYTES)).toString('base64');
  await database
    .insertInto('installation')
    .values({
      accountId: options.accountId ?? generateAccountId(options.randomBytes),
      createdAt: options.now,
      signingSeedSealed: secrets.seal(seed, SEED_CONTEXT),
      keyCheck,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  const row = await database.selectFrom('installation').selectAll().executeTakeFirstOrThrow();
  if (row.keyCheck === restoreUnfinished) {
    throw new InstallationError(
      'RESTORE_UNFINISHED',
      'A restore into this database did not come to its end. Empty the database and restore again.',
    );
  }
  if (row.keyCheck !== keyCheck) {
    throw new InstallationError(
      'WRONG_KEY_FILE',
      'The key file is not the one that this database was set up with. Put the original "key" file into the data directory.',
    );
  }
  if (options.accountId !== undefined && options.accountId !== row.accountId) {
    throw new InstallationError(
      'ACCOUNT_MISMATCH',
      `This database belongs to account ${row.accountId}, not ${options.accountId}. Leave --account out.`,
    );
  }
  const signingKey = signingKeyFromSeed(Buffer.from(secrets.open(row.signingSeedSealed, SEED_CONTEXT), 'base64'));
  return { accountId: row.accountId, createdAt: row.createdAt, signingKey };
}

/** Twelve random digits, the first not zero, since many tools drop a leading zero. */
function generateAccountId(randomBytes: RandomBytes): string {
  const random = Buffer.from(randomBytes(6)).readUIntBE(0, 6);
  return String(100_000_000_000 + (random % 900_000_000_000));
}
