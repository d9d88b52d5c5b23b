import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What one request came to, for metrics and log alike. */
export interface RequestOutcome {
  /** `ssm:CreatePatchBaseline`, or `unknown`: never a text of the caller. */
  readonly operation: string;
  /** `success`, or the code of the error: both from our own tables. */
  readonly result: string;
  readonly seconds: number;
  /** An operation that waits for something: its duration says nothing about the server. */
  readonly isWaiting: boolean;
}

/**
 * Why what an agent sent does not fit what it was sent: refused as about nothing that this node was given, kept though its
 * command had ended, or without effect.
 */
const unexpectedReplies = [
  'unreadable_id',
  'other_node',
  'unknown_command',
  'never_delivered',
  'late',
  'late_progress',
  'repeated',
] as const;
export type UnexpectedReply = (typeof unexpectedReplies)[number];

/** Numbers about one process, in Prometheus' text format. Labels take values from fixed sets only. */
export interface Metrics {
  /** A request has ended. */
  recordRequest(outcome: RequestOutcome): void;
  /** A long poll began to wait; the answered function ends it. */
  startWaiting(): () => void;
  recordJobFailure(jobName: string): void;
  /** An agent sent what does not fit what it was sent. */
  recordUnexpectedReply(reason: UnexpectedReply): void;
  /** Adds a number that is asked for when somebody looks, by the values of its label. Throwing leaves it out. */
  addGauge(gauge: GaugeDefinition): void;
  /** All of them, as Prometheus reads them, and the content type. */
  render(): Promise<{ readonly text: string; readonly contentType: string }>;
}

export interface GaugeDefinition {
  readonly name: string;
  readonly help: string;
  /** Null for a gauge without one. */
  readonly label: string | null;
  /** By the label's value; the key is ignored where there is no label. */
  readonly read: () => Promise<ReadonlyMap<string, number>> | ReadonlyMap<string, number>;
}

const durationBuckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** What agents call to tell how a command went: refused, it is counted apart, since a healthy fleet has none. */
const replyOperations = new Set([
  'ec2messages:AcknowledgeMessage',
  'ec2messages:DeleteMessage',
  'ec2messages:FailMessage',
  'ec2messages:SendReply',
]);

/** @param hasProcessMetrics also memory, event loop and garbage collection of this process */
export function createMetrics(hasProcessMetrics = false): Metrics {
  const registry = new Registry();
  if (hasProcessMetrics) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Counter({
    name: 'patchbay_requests_total',
    help: 'Requests by operation and result (success, or the code of the error).',
    labelNames: ['operation', 'result'],
    registers,
  });
  const durations = new Histogram({
    name: 'patchbay_request_duration_seconds',
    help: 'Time from a request to its answer, without operations that wait for something.',
    labelNames: ['operation'],
    buckets: durationBuckets,
    registers,
  });
  const waiting = new Gauge({ name: 'patchbay_long_polls_waiting', help: 'Polls of agents held open now.', registers });
  const refusedReplies = new Counter({
    name: 'patchbay_agent_replies_refused_total',
    help: 'Replies of agents that were not taken: for another node, for a command never delivered, unreadable.',
    labelNames: ['operation', 'result'],
    registers,
  });
  const misfits = new Counter({
    name: 'patchbay_agent_replies_unexpected_total',
    help: 'Replies of agents that do not fit what they were sent: refused, late or repeated.',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of unexpectedReplies) misfits.inc({ reason }, 0);
  const jobFailures = new Counter({
    name: 'patchbay_job_failures_total',
    help: 'Runs of jobs that failed.',
    labelNames: ['job'],
    registers,
  });
  return {
    recordRequest: ({ operation, result, seconds, isWaiting }) => {
      requests.inc({ operation, result });
      if (!isWaiting) durations.observe({ operation }, seconds);
      if (result !== 'success' && replyOperations.has(operation)) refusedReplies.inc({ operation, result });
    },
    startWaiting: () => {
      waiting.inc();
      return () => waiting.dec();
    },
    recordJobFailure: (job) => jobFailures.inc({ job }),
    recordUnexpectedReply: (reason) => misfits.inc({ reason }),
    addGauge: ({ name, help, label, read }) => {
      const gauge: Gauge = new Gauge({
        name,
        help,
        labelNames: label === null ? [] : [label],
        registers,
        collect: async () => {
          gauge.reset();
          for (const [value, count] of await readOrNothing(read)) {
            if (label === null) gauge.set(count);
            else gauge.set({ [label]: value }, count);
          }
        },
      });
    },
    render: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  };
}

/** Without the database the other numbers matter all the more: one that cannot be had is left out. */
async function readOrNothing(read: GaugeDefinition['read']): Promise<ReadonlyMap<string, number>> {
  try {
    return await read();
  } catch {
    // The failure itself shows in the readiness.
    return new Map();
  }
}
