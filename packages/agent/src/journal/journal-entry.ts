import { z } from 'zod';
import { EndStatus, StepResult } from '../documents/index.ts';

export const PendingReboot = z.object({
  /** The boot that is to end: another one now means that the reboot happened. */
  bootId: z.string(),
  requestedAt: z.string(),
  /** What the step printed until then. */
  standardOutput: z.string(),
  standardError: z.string(),
});
export type PendingReboot = z.infer<typeof PendingReboot>;

/** One command, from the moment it was taken until its last reply is safe on disk. */
export const JournalEntry = z.object({
  commandId: z.string(),
  messageId: z.string(),
  documentName: z.string(),
  receivedAt: z.string(),
  /** As it came: what was received and not started is checked and run after a restart. */
  payload: z.string(),
  isCancelled: z.boolean(),
  /** Null until it may have had an effect. */
  startedAt: z.string().nullable(),
  /** The run of the patcher that carries it out; written before that run is started. */
  runId: z.string().nullable(),
  /** The step that began and did not end yet. */
  openStep: z.object({ name: z.string(), action: z.string(), startedAt: z.string() }).nullable(),
  steps: z.array(StepResult),
  /** The reboot that a step asked for with exit code 194; written before it is asked for. */
  reboot: PendingReboot.nullable().default(null),
  /** How often the machine was rebooted for this command, and how often its patcher was started again. */
  reboots: z.number().int().default(0),
  restarts: z.number().int().default(0),
  final: z.object({ status: EndStatus, trace: z.string(), endedAt: z.string() }).nullable(),
  /** Whether the last reply is in the spool or gone. */
  isAnswered: z.boolean(),
});
export type JournalEntry = z.infer<typeof JournalEntry>;
