export { BackupError } from './backup-error.ts';
export { createBackup } from './create-backup.ts';
export { openInstallationToRead } from './open-installation.ts';
export { restoreBackup } from './restore-backup.ts';
