import { randomBytes, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Server as TlsServer } from 'node:tls';
import packageJson from '../package.json' with { type: 'json' };
import { agentPackageDirectory, openAgentPackages } from './agent-packages/index.ts';
import { buildApp } from './app.ts';
import { startLookout } from './aws/ec2messages/lookout.ts';
import { startPipelinesHandler, startPipelinesJob } from './aws/imagebuilder/images/start-due.ts';
import { sweepCommandsHandler, sweepCommandsJob } from './aws/ssm/commands/sweep.ts';
import { archiveNodesHandler, archiveNodesJob } from './aws/ssm/instances/archive.ts';
import { startWindowRunner } from './aws/ssm/maintenance-window-executions/runner.ts';
import type { ServerConfig } from './config.ts';
import { type DataDirectoryLayout, openDataDirectory, writeVersionRecord } from './data-directory/index.ts';
import {
  type ConnectionTarget,
  createDatabase,
  createPool,
  ensurePartitions,
  migrateToLatest,
  migrations,
  notify,
  openInstallation,
  readPostgresMajor,
  startEmbeddedPostgres,
  startNotifications,
} from './database/index.ts';
import { ensurePartitionsHandler, ensurePartitionsJob } from './database/partitions-job.ts';
import type { Dependencies } from './dependencies.ts';
import { createEgressClient, createEgressPolicy } from './egress/index.ts';
import { createAccessKeys } from './identity/access-keys.ts';
import { ensureAdministrator, writeAdministratorFile } from './identity/administrator.ts';
import { accessTopic, createRecentClaims } from './identity/recent-claims.ts';
import { createSessionTokens } from './identity/session-tokens.ts';
import { startJobs } from './jobs/index.ts';
import { listen, requireFreePort } from './listen.ts';
import { createMetrics, createReadiness, type Logger } from './observability/index.ts';
import { refreshArchivesHandler, refreshArchivesJob } from './patchbay/archive-watches/job.ts';
import { sweepImageBuildsHandler, sweepImageBuildsJob } from './patchbay/image-builds/sweep.ts';
import { imageFreshnessHandler, imageFreshnessJob } from './patchbay/image-freshness/job.ts';
import { startFreshnessRunner } from './patchbay/image-freshness/runner.ts';
import { createOverrideReader } from './patchbay/overrides/read-override.ts';
import { retentionHandler, retentionJob } from './retention/retention-job.ts';
import { createSecretBox, readOrCreateKeyFile, signingKeyFromSeed } from './secrets/index.ts';
import { addServerGauges } from './server-gauges.ts';
import { keepTlsFresh, openServerTls, type TlsMaterial } from './tls/index.ts';

export interface RunningServer {
  /** `http://127.0.0.1:8480`: the port that was really taken. */
  readonly url: string;
  readonly accountId: string;
  /** `sha256:…` of the built-in certificate authority, where there is one. */
  readonly caFingerprint: string | undefined;
  /** Looks for a new certificate at once. */
  refreshTls(): Promise<void>;
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
  const metrics = createMetrics(true);
  const dataDirectory = await openDataDirectory(config.dataDirectory);
  cleanUp.add('data directory', () => dataDirectory.close());
  await requireFreePort(config);
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
  addServerGauges(metrics, { pool, db, clock });
  const migrated = await migrateToLatest(db, migrations);
  if (migrated.length > 0) logger.info({ migrations: migrated }, 'database migrated');
  await ensurePartitions(db, clock());
  await writeVersionRecord(dataDirectory, {
    patchbayVersion: packageJson.version,
    postgresMajor: await readPostgresMajor(db),
    startedAt: clock().toISOString(),
  });
  const { accountId: account } = config;
  const installation = await openInstallation(db, {
    secrets,
    now: clock(),
    randomBytes,
    ...(account === undefined ? {} : { accountId: account }),
  });

  const notifications = await startNotifications(connection, (error) => logger.warn({ error }, 'notifications broke'));
  cleanUp.add('notifications', () => notifications.stop());
  const recentClaims = createRecentClaims(() => performance.now());
  notifications.subscribe(...accessTopic, () => recentClaims.forget());
  const dependencies: Dependencies = {
    clock,
    randomBytes: (size) => randomBytes(size),
    randomId: randomUUID,
    logger,
    metrics,
    accessKeys: createAccessKeys({ secrets, randomBytes }),
    recentClaims,
    sessionTokens: createSessionTokens({ secrets, randomBytes }),
    secrets,
    signingKey: installation.signingKey,
    agentPackages: openAgentPackages(
      agentPackageDirectory(dataDirectory.path),
      signingKeyFromSeed(secrets.deriveKey('agent-release')),
    ),
    pageTokenKey: secrets.deriveKey('page-token'),
    downloadKey: secrets.deriveKey('download'),
    quotas: config.quotas,
    wake: { notify, subscribe: (topic, key, callback) => notifications.subscribe(topic, key, () => callback()) },
    readOverride: createOverrideReader({
      allowed: config.overrideAllowed,
      directory: join(dataDirectory.path, 'overrides'),
    }),
    mostPatchingNodes: config.mostPatchingNodes,
    commandOutputLimitBytes: config.commandOutputLimitBytes,
    longPollMilliseconds,
    egress: createEgressClient(createEgressPolicy(config.egressAllow)),
  };
  const lookout = startLookout({
    db,
    clock,
    wakeSubscribers: (topic, keys) => notifications.wakeSubscribers(topic, keys),
    logger,
  });
  cleanUp.add('lookout', () => lookout.stop());
  const windowRunner = startWindowRunner({ db, dependencies });
  cleanUp.add('maintenance windows', () => windowRunner.stop());
  const freshnessRunner = startFreshnessRunner(db, dependencies);
  cleanUp.add('image freshness', () => freshnessRunner.stop());
  const archiveAfterDays = config.archiveSilentNodesAfterDays;
  const jobs = await startJobs({
    connection,
    handlers: [
      sweepCommandsHandler(db, dependencies),
      sweepImageBuildsHandler(db, dependencies),
      startPipelinesHandler(db, dependencies),
      imageFreshnessHandler(db, dependencies),
      ensurePartitionsHandler(db, clock),
      refreshArchivesHandler(db, dependencies),
      ...(archiveAfterDays === undefined ? [] : [archiveNodesHandler(db, archiveAfterDays, clock)]),
      retentionHandler(db, config.retention, clock),
    ],
    schedules: [
      { job: sweepCommandsJob, key: 'every-minute', cron: '* * * * *', timeZone: 'UTC', payload: {} },
      { job: startPipelinesJob, key: 'every-minute', cron: '* * * * *', timeZone: 'UTC', payload: {} },
      { job: sweepImageBuildsJob, key: 'every-minute', cron: '* * * * *', timeZone: 'UTC', payload: {} },
      { job: imageFreshnessJob, key: 'every-minute', cron: '* * * * *', timeZone: 'UTC', payload: {} },
      { job: refreshArchivesJob, key: 'every-five-minutes', cron: '*/5 * * * *', timeZone: 'UTC', payload: {} },
      { job: retentionJob, key: 'daily', cron: '37 2 * * *', timeZone: 'UTC', payload: {} },
      { job: ensurePartitionsJob, key: 'daily', cron: '17 3 * * *', timeZone: 'UTC', payload: {} },
      ...(archiveAfterDays === undefined
        ? []
        : [{ job: archiveNodesJob, key: 'hourly', cron: '41 * * * *', timeZone: 'UTC', payload: {} }]),
    ],
    onError: (error, jobName) => {
      if (jobName !== null) metrics.recordJobFailure(jobName);
      logger.error({ error, job: jobName }, 'job failed');
    },
  });
  cleanUp.add('jobs', () => jobs.stop(patienceSeconds));

  const tls = await openServerTls(config, { db, secrets, accountId: installation.accountId, now: clock() });
  const app = buildApp({
    db,
    dependencies,
    authenticator: {
      db,
      sessionTokens: dependencies.sessionTokens,
      accessKeys: dependencies.accessKeys,
      recentClaims,
      regions: config.regions,
    },
    tls,
    observability: {
      metricsAccess: config.metricsAccess,
      findReasons: createReadiness({ db, areJobsRunning: () => jobs.isRunning(), stopping: stopping.signal }),
    },
    stopping: stopping.signal,
  });
  cleanUp.add('HTTP server', async () => {
    stopping.abort();
    await app.close();
  });
  const url = await listen(app, config);
  const freshTls =
    tls && keepTlsFresh(tls, { apply: (material) => replaceCertificate(app.server, material), clock, logger });
  cleanUp.add('certificate', async () => freshTls?.stop());

  const { accessKeys } = dependencies;
  const key = await ensureAdministrator(db, installation.accountId, { accessKeys, now: clock() });
  const place = {
    endpoint: url,
    region: config.regions[0] ?? '',
    accountId: installation.accountId,
    ...(tls?.authority ? { caFile: await writeAuthorityFile(dataDirectory, tls.authority.certificate) } : {}),
  };
  await writeAdministratorFile(dataDirectory.path, key && { ...place, ...key });
  const caFingerprint = tls?.authority?.fingerprint;
  logger.info({ url, accountId: installation.accountId, regions: config.regions, caFingerprint }, 'serving');
  return {
    url,
    accountId: installation.accountId,
    caFingerprint,
    refreshTls: async () => await freshTls?.refresh(),
    stop: cleanUp.run,
  };
}

/** New connections get the new certificate; those that stand keep theirs. */
function replaceCertificate(server: object, material: TlsMaterial): void {
  if (server instanceof TlsServer) server.setSecureContext(material);
}

/** Where the aws CLI and people find the certificate that they have to trust. */
async function writeAuthorityFile({ path }: DataDirectoryLayout, certificate: string): Promise<string> {
  const file = join(path, 'ca.pem');
  await writeFile(file, certificate, { mode: 0o600 });
  return file;
}
