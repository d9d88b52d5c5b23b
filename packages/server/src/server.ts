import { randomBytes, randomUUID } from 'node:crypto';
import { buildApp } from './app.ts';
import { sweepCommandsHandler, sweepCommandsJob } from './aws/ssm/commands/sweep.ts';
import type { ServerConfig } from './config.ts';
import { openDataDirectory } from './data-directory/index.ts';
import {
  type ConnectionTarget,
  createDatabase,
  createPool,
  ensurePartitions,
  migrateToLatest,
  migrations,
  notify,
  openInstallation,
  startEmbeddedPostgres,
  startNotifications,
} from './database/index.ts';
import { ensurePartitionsHandler, ensurePartitionsJob } from './database/partitions-job.ts';
import type { Dependencies } from './dependencies.ts';
import { createEgressClient, createEgressPolicy } from './egress/index.ts';
import { accessKeyContext, ensureAdministrator, writeAdministratorFile } from './identity/administrator.ts';
import { createSessionTokens } from './identity/session-tokens.ts';
import { startJobs } from './jobs/index.ts';
import { listen, readTlsFiles } from './listen.ts';
import type { Logger } from './observability/index.ts';
import { refreshArchivesHandler, refreshArchivesJob } from './patchbay/archive-watches/job.ts';
import { retentionHandler, retentionJob } from './retention/retention-job.ts';
import { createSecretBox, readOrCreateKeyFile } from './secrets/index.ts';

export interface RunningServer {
  /** `http://127.0.0.1:8480`: the port that was really taken. */
  readonly url: string;
  readonly accountId: string;
  /** Takes no new calls, lets running ones end, stops what it started. Safe to call twice. */
  stop(): Promise<void>;
}

/** Below the 20 seconds after which the SSM Agent hangs up. */
const longPollMilliseconds = 15_000;
const patienceSeconds = 10;

/** Undoes what has been started, last first; each step even when another fails. */
function createCleanUp(logger: Logger) {
  const steps: { readonly what: string; readonly undo: () => Promise<unknown> }[] = [];
  return {
    add: (what: string, undo: () => Promise<unknown>) => void steps.push({ what, undo }),
    run: async () => {
      for (let step = steps.pop(); step; step = steps.pop()) {
        try {
          await step.undo();
        } catch (error) {
          logger.error({ error, what: step.what }, 'stopping failed');
        }
      }
    },
  };
}

/** Starts the control plane and returns when it serves. What was started is stopped again when a later step fails. */
export async function startServer(
  config: ServerConfig,
  logger: Logger,
  onFatal: (error: Error) => void,
): Promise<RunningServer> {
  const cleanUp = createCleanUp(logger);
  try {
    return await start(config, logger, onFatal, cleanUp);
  } catch (error) {
    await cleanUp.run();
    throw error;
  }
}

async function start(
  config: ServerConfig,
  logger: Logger,
  onFatal: (error: Error) => void,
  cleanUp: ReturnType<typeof createCleanUp>,
): Promise<RunningServer> {
  const clock = () => new Date();
  const stopping = new AbortController();
  const dataDirectory = await openDataDirectory(config.dataDirectory);
  cleanUp.add('data directory', () => dataDirectory.close());
  const secrets = createSecretBox(await readOrCreateKeyFile(dataDirectory.key, randomBytes), randomBytes);

  let connection: ConnectionTarget;
  if (config.databaseUrl === undefined) {
    const postgres = await startEmbeddedPostgres({
      dataDirectory,
      onEvent: (event) => {
        logger.info({ event: event.kind }, 'embedded PostgreSQL');
        if (event.kind === 'gave-up') onFatal(event.error);
      },
    });
    cleanUp.add('PostgreSQL', () => postgres.stop());
    connection = postgres.connection;
  } else connection = { kind: 'url', url: config.databaseUrl };

  const pool = createPool(connection, {
    // While we stop, PostgreSQL may close a connection that the pool is just giving up.
    onIdleError: (error) => {
      if (!stopping.signal.aborted) logger.warn({ error }, 'idle connection broke');
    },
  });
  const db = createDatabase(pool);
  cleanUp.add('database pool', () => db.destroy());
  const migrated = await migrateToLatest(db, migrations);
  if (migrated.length > 0) logger.info({ migrations: migrated }, 'database migrated');
  await ensurePartitions(db, clock());
  const { accountId: account } = config;
  const installation = await openInstallation(db, {
    secrets,
    now: clock(),
    randomBytes,
    ...(account === undefined ? {} : { accountId: account }),
  });

  const notifications = await startNotifications(connection, (error) => logger.warn({ error }, 'notifications broke'));
  cleanUp.add('notifications', () => notifications.stop());
  const dependencies: Dependencies = {
    clock,
    randomBytes: (size) => randomBytes(size),
    randomId: randomUUID,
    logger,
    sessionTokens: createSessionTokens({ secrets, randomBytes }),
    signingKey: installation.signingKey,
    pageTokenKey: secrets.deriveKey('page-token'),
    wake: { notify, subscribe: (topic, key, callback) => notifications.subscribe(topic, key, () => callback()) },
    longPollMilliseconds,
    egress: createEgressClient(createEgressPolicy(config.egressAllow)),
  };
  const jobs = await startJobs({
    connection,
    handlers: [
      sweepCommandsHandler(db, dependencies),
      ensurePartitionsHandler(db, clock),
      refreshArchivesHandler(db, dependencies),
      retentionHandler(db, config.retention, clock),
    ],
    schedules: [
      { job: sweepCommandsJob, key: 'every-minute', cron: '* * * * *', timeZone: 'UTC', payload: {} },
      { job: refreshArchivesJob, key: 'every-five-minutes', cron: '*/5 * * * *', timeZone: 'UTC', payload: {} },
      { job: retentionJob, key: 'daily', cron: '37 2 * * *', timeZone: 'UTC', payload: {} },
      { job: ensurePartitionsJob, key: 'daily', cron: '17 3 * * *', timeZone: 'UTC', payload: {} },
    ],
    onError: (error, jobName) => logger.error({ error, job: jobName }, 'job failed'),
  });
  cleanUp.add('jobs', () => jobs.stop(patienceSeconds));

  const app = buildApp({
    db,
    dependencies,
    authenticator: {
      db,
      sessionTokens: dependencies.sessionTokens,
      openSecret: (accessKeyId, sealed) => secrets.open(sealed, accessKeyContext(accessKeyId)),
      regions: config.regions,
    },
    tls: await readTlsFiles(config.tlsFiles),
    stopping: stopping.signal,
  });
  cleanUp.add('HTTP server', async () => {
    stopping.abort();
    await app.close();
  });
  const url = await listen(app, config);

  const key = await ensureAdministrator(db, installation.accountId, { secrets, randomBytes, now: clock() });
  await writeAdministratorFile(dataDirectory.path, {
    endpoint: url,
    region: config.regions[0] ?? '',
    accountId: installation.accountId,
    ...key,
  });
  logger.info({ url, accountId: installation.accountId, regions: config.regions }, 'serving');
  return { url, accountId: installation.accountId, stop: cleanUp.run };
}
