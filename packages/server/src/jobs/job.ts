import type { z } from 'zod';

/** When and how often a failed job is tried again. All three are decided per job; there are no defaults. */
export interface JobRetry {
  /** Runs after the first. */
  readonly limit: number;
  /** Wait before the first retry; it doubles with each one … */
  readonly delaySeconds: number;
  /** … up to this. */
  readonly maximumDelaySeconds: number;
}

/** A kind of work that wakes up. It holds no state: that lies in tables, and the job only says where to look. */
export interface Job<Payload extends object> {
  /** Also the queue's name: letters, digits, `-`. */
  readonly name: string;
  readonly payload: z.ZodType<Payload>;
  readonly retry: JobRetry;
  /** A run longer than this is taken for lost and given to another worker. */
  readonly expireSeconds: number;
}

/** Names one kind of job. Where it is enqueued imports this; what it does is bound to it by `handleJob`. */
export function defineJob<Payload extends object>(job: Job<Payload>): Job<Payload> {
  return job;
}

export interface JobContext {
  readonly jobId: string;
  /** 1 for the first run. */
  readonly attempt: number;
  /** Aborted when the run has expired or the server stops without patience. */
  readonly signal: AbortSignal;
}

/** Short work: others wait behind it. It may run twice, and so must find out for itself what is left to do. */
export type JobFunction<Payload extends object> = (payload: Payload, context: JobContext) => Promise<void>;

/** A job with its function, ready to be given to `startJobs`. */
export interface JobHandler {
  readonly job: Job<object>;
  /** Checks the stored payload, then runs; answers false for a payload that no run can make valid. */
  readonly run: (payload: unknown, context: JobContext) => Promise<JobRunResult>;
}

export type JobRunResult =
  | { readonly status: 'done' }
  | { readonly status: 'invalid-payload'; readonly reason: string };

/** Binds a job to what it does, with the services that it needs in its closure. */
export function handleJob<Payload extends object>(job: Job<Payload>, work: JobFunction<Payload>): JobHandler {
  return {
    job,
    run: async (stored, context) => {
      const payload = job.payload.safeParse(stored);
      if (!payload.success) return { status: 'invalid-payload', reason: payload.error.message };
      await work(payload.data, context);
      return { status: 'done' };
    },
  };
}

/** A job that the calendar wakes. */
export interface JobSchedule {
  readonly job: Job<object>;
  /** Tells several schedules of one job apart; also the key of what they enqueue. */
  readonly key: string;
  /** Five fields, or six with seconds first. */
  readonly cron: string;
  readonly timeZone: string;
  readonly payload: object;
}
