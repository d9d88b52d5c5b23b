import { z } from 'zod';

/** The agent's words for how a step or a document ended. */
export const EndStatus = z.enum(['Success', 'Failed', 'TimedOut', 'Cancelled', 'Skipped']);
export type EndStatus = z.infer<typeof EndStatus>;

export const StepResult = z.object({
  name: z.string(),
  /** The plugin, `aws:runShellScript`. */
  action: z.string(),
  status: EndStatus,
  /** The exit code; 137 for what was ended by force. */
  code: z.number().int(),
  standardOutput: z.string(),
  standardError: z.string(),
  /** How long an output is of which the text above is the beginning; absent where it is all there. */
  standardOutputBytes: z.number().int().optional(),
  standardErrorBytes: z.number().int().optional(),
  /** What a step that patched found. */
  counts: z.object({ missing: z.number().int(), pendingReboot: z.number().int() }).optional(),
  startedAt: z.string(),
  endedAt: z.string(),
});
export type StepResult = z.infer<typeof StepResult>;

export interface DocumentResult {
  readonly status: EndStatus;
  /** Why, where no step says it; else empty. */
  readonly trace: string;
  readonly steps: readonly StepResult[];
}

/** How a document ended by how its steps did; what failed weighs most. A document of skipped steps is skipped. */
export function combineStatuses(steps: readonly StepResult[]): EndStatus {
  const weighed = ['Failed', 'TimedOut', 'Cancelled', 'Success'] as const;
  return weighed.find((status) => steps.some((step) => step.status === status)) ?? 'Skipped';
}

/** The beginning of an output, with a mark that says that it is not all. */
export function capOutput(text: string, mostCharacters: number): string {
  if (text.length <= mostCharacters) return text;
  return `${text.slice(0, mostCharacters)}\n--- the output goes on ---\n`;
}

/** Says of an output that was cut off at its source that the rest is lost. */
export function markLoss(text: string, isTruncated: boolean): string {
  return isTruncated ? `${text}\n--- the output goes on; the rest was not kept ---\n` : text;
}
