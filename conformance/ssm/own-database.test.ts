import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CreatePatchBaselineCommand, GetPatchBaselineCommand } from '@aws-sdk/client-ssm';
import { prepareDataDirectory } from '@patchbay/server';
import { describe, expect, it } from 'vitest';
import { openDataDirectory } from '../../packages/server/src/data-directory/index.ts';
import { startEmbeddedPostgres } from '../../packages/server/src/database/index.ts';
import { createDataFolder, startRealServer } from './real-server.ts';

describe('a PostgreSQL of one’s own', () => {
  it('serves two control planes that have the same key file, and nothing embedded is started', async () => {
    const folder = await createDataFolder();
    // Somebody's PostgreSQL: any will do, and this one is at hand.
    const owner = await openDataDirectory(join(folder.data, '../postgres'));
    const postgres = await startEmbeddedPostgres({ dataDirectory: owner, isDurable: false });
    try {
      const databaseUrl = `postgres://patchbay@localhost/postgres?host=${encodeURIComponent(owner.run)}`;
      const first = await startRealServer(folder.data, databaseUrl);
      const other = join(folder.data, '../other');
      const { key } = await prepareDataDirectory(folder.data);
      await prepareDataDirectory(other);
      await copyFile(key, join(other, 'key'));
      const second = await startRealServer(other, databaseUrl);
      try {
        expect(second.accountId).toBe(first.accountId);
        expect(second.administrator).toEqual(first.administrator);
        const { BaselineId } = await first.ssm.send(
          new CreatePatchBaselineCommand({ Name: 'shared', OperatingSystem: 'DEBIAN' }),
        );
        expect(await second.ssm.send(new GetPatchBaselineCommand({ BaselineId }))).toMatchObject({ Name: 'shared' });
        expect(await readdir(join(folder.data, 'postgres'))).toEqual([]);
      } finally {
        await second.stop();
        await first.stop();
      }
    } finally {
      await postgres.stop();
      await owner.close();
      await folder.remove();
    }
  });
});
