import { fromKysely, type JobResult, PgBoss, type Job as QueuedJob } from 'pg-boss';
import { type ConnectionTarget, clientConfig } from '../database/connection.ts';
import type { DatabaseTransaction } from '../database/tables.ts';
import type { Job, JobHandler, JobSchedule } from './job.ts';
import { JobsError } from './jobs-error.ts';

export interface JobsOptions {
  readonly connection: ConnectionTarget;
  readonly handlers: readonly JobHandler[];
  readonly schedules?: readonly JobSchedule[];
  /** Told about everything that went wrong: a broken connection, a failed run (with the job's name). */
  readonly onError: (error: unknown, jobName: string | null) => void;
}

export interface EnqueueOptions {
  /** The entity to wake: while a job of that key is queued, another one adds nothing. */
  readonly key: string;
  /** Half a second is the best precision: what must be exact keeps its own `due_at`. */
  readonly startAfter?: Date;
}

export interface Jobs {
  /** Queues a job that exists exactly if the transaction commits. Answers false when one of its key already waits. */
  enqueue<Payload extends object>(
    transaction: DatabaseTransaction,
    job: Job<Payload>,
    payload: Payload,
    options: EnqueueOptions,
  ): Promise<boolean>;
  /** False once they have been stopped, by us or by a fault. */
  isRunning(): boolean;
  /** Takes no new jobs, waits for running ones (at most that long), closes the connections. */
  stop(patienceSeconds: number): Promise<void>;
}

/** One queued job per key: further ones add nothing, which is what "wake X" means (pg-boss, queue policies). */
const POLICY = 'short';
const HEARTBEAT_SECONDS = 10;
const RETENTION_SECONDS = 14 * 24 * 3600;
const DELETE_COMPLETED_AFTER_SECONDS = 3600;

/**
 * pg-boss's own defaults take one job per wake-up and then wait: a backlog of hundreds would take minutes. With these a
 * worker empties the queue, and polls each half second in case a notification was lost.
 */
const WORK_OPTIONS = {
  batchSize: 10,
  localConcurrency: 2,
  burstWhenBatchFull: true,
  pollingIntervalSeconds: 0.5,
  notifyPollingIntervalSeconds: 0.5,
  heartbeatRefreshSeconds: 5,
  perJobResults: true,
} as const;

/** Starts pg-boss in the schema `pgboss` of our database, one queue and worker pair per handler. */
export async function startJobs(options: JobsOptions): Promise<Jobs> {
  const names = new Set(options.handlers.map(({ job }) => job.name));
  if (names.size !== options.handlers.length) throw new JobsError('DUPLICATE_JOB', 'Two handlers name the same job');
  for (const { job } of options.schedules ?? []) requireKnown(names, job.name);

  const boss = new PgBoss({
    ...connectionOptions(options.connection),
    application_name: 'patchbay-jobs',
    schema: 'pgboss',
    max: 4,
    useListenNotify: true,
    // The time after which a killed worker's jobs are found is the sum of these and the heartbeat.
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 5,
    maintenanceIntervalSeconds: 3600,
    cronMonitorIntervalSeconds: 30,
    cronWorkerIntervalSeconds: 5,
  });
  let isRunning = true;
  boss.on('stopped', () => {
    isRunning = false;
  });
  boss.on('error', (error) => options.onError(error, null));
  await boss.start();
  try {
    for (const { job } of options.handlers) await prepareQueue(boss, job);
    await prepareSchedules(boss, options.schedules ?? []);
    for (const handler of options.handlers) {
      await boss.work(handler.job.name, WORK_OPTIONS, (batch: readonly QueuedJob[]) =>
        runBatch(handler, batch, options.onError),
      );
    }
  } catch (error) {
    await boss.stop({ graceful: false });
    throw error;
  }

  return {
    enqueue: async (transaction, job, payload, { key, startAfter }) => {
      requireKnown(names, job.name);
      const checked = job.payload.safeParse(payload);
      if (!checked.success) {
        throw new JobsError('INVALID_PAYLOAD', `Not a payload of the job ${job.name}: ${checked.error.message}`);
      }
      const id = await boss.send(job.name, payload, {
        singletonKey: key,
        // Without plugins: pg-boss reads the columns of its answers by their own names.
        db: fromKysely(transaction.withoutPlugins()),
        ...(startAfter === undefined ? {} : { startAfter }),
      });
      return id !== null;
    },
    isRunning: () => isRunning,
    stop: (patienceSeconds) => boss.stop({ graceful: true, timeout: patienceSeconds * 1000, close: true }),
  };
}

function requireKnown(names: ReadonlySet<string>, name: string): void {
  if (!names.has(name)) throw new JobsError('UNKNOWN_JOB', `No handler was given to startJobs for the job ${name}`);
}

function connectionOptions(target: ConnectionTarget) {
  if (target.kind === 'url') return { connectionString: target.url };
  const { host = '', port = 5432 } = clientConfig(target);
  return { host, port, user: target.user, database: target.database };
}

async function prepareQueue(boss: PgBoss, job: Job<object>): Promise<void> {
  const settings = {
    notify: true,
    retryLimit: job.retry.limit,
    retryDelay: job.retry.delaySeconds,
    retryBackoff: true,
    retryDelayMax: job.retry.maximumDelaySeconds,
    expireInSeconds: job.expireSeconds,
    heartbeatSeconds: HEARTBEAT_SECONDS,
    retentionSeconds: RETENTION_SECONDS,
    deleteAfterSeconds: DELETE_COMPLETED_AFTER_SECONDS,
  };
  await boss.createQueue(job.name, { ...settings, policy: POLICY });
  // Creating leaves a queue of an earlier release as it was.
  await boss.updateQueue(job.name, settings);
}

/** Makes the stored schedules equal to the given ones: what a release no longer names must stop. */
async function prepareSchedules(boss: PgBoss, schedules: readonly JobSchedule[]): Promise<void> {
  const wanted = new Set(schedules.map(({ job, key }) => JSON.stringify([job.name, key])));
  for (const { name, key } of await boss.getSchedules()) {
    if (!wanted.has(JSON.stringify([name, key]))) await boss.unschedule(name, key);
  }
  for (const { job, key, cron, timeZone, payload } of schedules) {
    await boss.schedule(job.name, cron, payload, { tz: timeZone, key, missed: 'once', singletonKey: key });
  }
}

/** Each job of a batch stands for itself: one that fails takes no other along. */
async function runBatch(
  handler: JobHandler,
  batch: readonly QueuedJob[],
  onError: JobsOptions['onError'],
): Promise<JobResult[]> {
  return Promise.all(
    batch.map(async ({ id, data, retryCount, signal }): Promise<JobResult> => {
      try {
        const result = await handler.run(data, { jobId: id, attempt: retryCount + 1, signal });
        if (result.status === 'done') return { id, status: 'completed' };
        onError(new JobsError('INVALID_PAYLOAD', result.reason), handler.job.name);
        // Terminal: trying again would read the same payload.
        return { id, status: 'deadletter', output: { message: result.reason } };
      } catch (error) {
        onError(error, handler.job.name);
        return { id, status: 'failed', output: { message: error instanceof Error ? error.message : String(error) } };
      }
    }),
  );
}
