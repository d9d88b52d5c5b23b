import { join } from 'node:path';
import { openDataDirectory } from '../../packages/server/src/data-directory/index.ts';
import {
  createDatabase,
  createPool,
  type Database,
  startEmbeddedPostgres,
} from '../../packages/server/src/database/index.ts';

/** A PostgreSQL beside a data directory, for a server and for a test that looks into what the server keeps. */
export interface OwnPostgres {
  readonly databaseUrl: string;
  readonly db: Database;
  close(): Promise<void>;
}

export async function startOwnPostgres(data: string): Promise<OwnPostgres> {
  const owner = await openDataDirectory(join(data, '../postgres'));
  const postgres = await startEmbeddedPostgres({ dataDirectory: owner, isDurable: false });
  const db = createDatabase(createPool(postgres.connection));
  return {
    databaseUrl: `postgres://patchbay@localhost/postgres?host=${encodeURIComponent(owner.run)}`,
    db,
    async close() {
      await db.destroy();
      await postgres.stop();
      await owner.close();
    },
  };
}
