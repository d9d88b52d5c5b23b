import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOwnPostgres } from '../ssm/own-postgres.ts';
import { createDataFolder, startRealServer } from '../ssm/real-server.ts';
import { type BuildStage, findProcesses, listLeftovers, openBuildStage, writeComponent } from './build-stage.ts';
import { startTestBuilder } from './built-image.ts';

describe('a build that takes longer than it may', () => {
  let stage: BuildStage;
  let server: Awaited<ReturnType<typeof startRealServer>>;
  /** The six hours that a build may take are more than a test can wait for. */
  let shortenBuilds: (seconds: number) => Promise<unknown>;
  const closing: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    const folder = await createDataFolder();
    closing.push(() => folder.remove());
    const postgres = await startOwnPostgres(folder.data);
    closing.push(() => postgres.close());
    server = await startRealServer(folder.data, postgres.databaseUrl);
    closing.push(() => server.stop());
    shortenBuilds = (seconds) =>
      sql`update images set build_order = jsonb_set(build_order, '{timeoutSeconds}', to_jsonb(${seconds}::int))`.execute(
        postgres.db,
      );
    stage = await openBuildStage(server, null);
    closing.push(() => stage.close());
  });
  afterAll(async () => {
    for (const close of closing.toReversed()) await close();
  });

  it('is stopped with all it started, and says so', { timeout: 120_000 }, async () => {
    const endless = ['touch /srv/begun', 'setsid sleep 47.15 & nohup sleep 47.15 & sleep 47.15'];
    const arn = await stage.begin('late', { component: writeComponent(endless) });
    await shortenBuilds(12);
    const builder = await startTestBuilder(server);
    try {
      const { status, reason, record } = await stage.await(arn);
      expect([status, reason]).toEqual(['FAILED', 'ApplyBuildComponents: The build did not end within 12 seconds']);
      expect(record.steps.map((step) => step.status).slice(0, 3)).toEqual(['COMPLETED', 'FAILED', 'SKIPPED']);
      expect(await findProcesses('sleep 47.15')).toEqual([]);
      expect(await listLeftovers(builder)).toEqual([]);
    } finally {
      await builder.stop();
    }
  });
});
