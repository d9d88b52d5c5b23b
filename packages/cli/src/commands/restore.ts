import { randomBytes, randomUUID } from 'node:crypto';
import { restoreBackup } from '@patchbay/server';
import { Command } from 'commander';
import { readPassphrase } from './backup.ts';

interface RestoreFlags {
  readonly data: string;
  readonly databaseUrl?: string;
  readonly passphraseFile?: string;
}

/** `patchbay restore`: an installation from a backup, in an empty place. */
export const restoreCommand = new Command('restore')
  .description(
    'Make an installation from a backup, in a new directory; commands that had not ended are never sent again',
  )
  .argument('<file>', 'what patchbay backup wrote')
  .requiredOption('--data <directory>', 'the data directory to make; new or empty')
  .option('--database-url <url>', 'an empty database of your own (or DATABASE_URL), instead of an embedded one')
  .option('--passphrase-file <file>', 'holds what the key was encrypted with (or PATCHBAY_BACKUP_PASSPHRASE)')
  .action(async (file: string, flags: RestoreFlags) => {
    const { data, databaseUrl = process.env['DATABASE_URL'], passphraseFile } = flags;
    const restored = await restoreBackup({
      file,
      data,
      databaseUrl,
      passphrase: await readPassphrase(passphraseFile),
      now: new Date(),
      randomBytes,
      randomId: randomUUID,
    });
    console.log(
      `${data}: account ${restored.accountId} as of ${restored.backupAt}, ${restored.tables} tables, ${restored.rows} rows`,
    );
    console.log(`${restored.endedCommands} commands had not ended and were ended; none of them is sent again.`);
    console.log('Make sure that the old control plane does not run any more, then start this one with ./patchbay up.');
  });
