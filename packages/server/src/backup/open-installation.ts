import {
  DataDirectoryError,
  fileExists,
  layoutDataDirectory,
  openDataDirectory,
  prepareDataDirectory,
} from '../data-directory/index.ts';
import {
  type ConnectionTarget,
  embeddedConnection,
  hasEmbeddedPostgres,
  startEmbeddedPostgres,
} from '../database/index.ts';
import { BackupError } from './backup-error.ts';

/** An installation that can be read, whether its control plane runs or not. */
export interface OpenedInstallation {
  readonly connection: ConnectionTarget;
  readonly keyFile: string;
  close(): Promise<void>;
}

/** Reaches the database of an installation: the given one, the embedded one that runs, or one started for this. */
export async function openInstallationToRead(
  data: string,
  databaseUrl: string | undefined,
): Promise<OpenedInstallation> {
  const { key, path } = layoutDataDirectory(data);
  if (!(await fileExists(key))) {
    throw new BackupError(
      'NO_INSTALLATION',
      `There is no installation in ${path}: its key file is missing. Name its directory with --data.`,
    );
  }
  const layout = await prepareDataDirectory(data);
  if (databaseUrl !== undefined) {
    return { connection: { kind: 'url', url: databaseUrl }, keyFile: key, close: async () => {} };
  }
  if (!(await hasEmbeddedPostgres(layout))) {
    throw new BackupError(
      'NO_INSTALLATION',
      `${path} has no PostgreSQL of its own: give the one that it uses with --database-url.`,
    );
  }
  const own = await openUnlessInUse(data);
  if (own === null) return { connection: embeddedConnection(layout), keyFile: key, close: async () => {} };
  try {
    const postgres = await startEmbeddedPostgres({ dataDirectory: own });
    return {
      connection: postgres.connection,
      keyFile: key,
      close: async () => {
        await postgres.stop();
        await own.close();
      },
    };
  } catch (error) {
    await own.close();
    throw error;
  }
}

async function openUnlessInUse(data: string) {
  try {
    return await openDataDirectory(data);
  } catch (error) {
    if (error instanceof DataDirectoryError && error.code === 'IN_USE') return null;
    throw error;
  }
}
