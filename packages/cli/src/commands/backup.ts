import { readFile } from 'node:fs/promises';
import { BackupError, createBackup, DEFAULT_DATA_DIRECTORY, openInstallationToRead } from '@patchbay/server';
import { Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };

/** The passphrase of a backup: from a file, or PATCHBAY_BACKUP_PASSPHRASE; never an argument, which all can see. */
export async function readPassphrase(
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  if (file === undefined) {
    const { PATCHBAY_BACKUP_PASSPHRASE } = environment;
    if (PATCHBAY_BACKUP_PASSPHRASE) return PATCHBAY_BACKUP_PASSPHRASE;
    throw new BackupError(
      'NO_PASSPHRASE',
      'Give the passphrase with --passphrase-file, or in PATCHBAY_BACKUP_PASSPHRASE.',
    );
  }
  try {
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  } catch (cause) {
    throw new BackupError('NO_PASSPHRASE', `--passphrase-file names ${file}, which cannot be read.`, { cause });
  }
}

interface BackupFlags {
  readonly data: string;
  readonly databaseUrl?: string;
  readonly passphraseFile?: string;
}

/** `patchbay backup`: one file with all of an installation, running or not. */
export const backupCommand = new Command('backup')
  .description('Write one file with the database and the encrypted key of an installation, running or stopped')
  .argument('<file>', 'the file to make; it must not exist')
  .option('--data <directory>', 'data directory of the control plane', DEFAULT_DATA_DIRECTORY)
  .option('--database-url <url>', 'the PostgreSQL that it uses (or DATABASE_URL), if not its embedded one')
  .option('--passphrase-file <file>', 'holds what encrypts the key (or PATCHBAY_BACKUP_PASSPHRASE)')
  .action(async (output: string, flags: BackupFlags) => {
    const { data, databaseUrl = process.env['DATABASE_URL'], passphraseFile } = flags;
    const passphrase = await readPassphrase(passphraseFile);
    const installation = await openInstallationToRead(data, databaseUrl);
    try {
      const { connection, keyFile } = installation;
      const { version: patchbayVersion } = packageJson;
      const request = { connection, keyFile, passphrase, output, patchbayVersion, now: new Date() };
      const { tables, createdAt, accountId } = await createBackup(request);
      const rows = tables.reduce((sum, table) => sum + table.rows, 0);
      console.log(`${output}: account ${accountId} as of ${createdAt}, ${tables.length} tables, ${rows} rows`);
      console.log('Keep the passphrase elsewhere: without it the backup cannot be restored.');
    } finally {
      await installation.close();
    }
  });
