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

const mostCharacters = 100_000;

/** At most 100,000 characters of one stream, the end cut off with a mark that says so. */
export function capOutput(text: string, isTruncated: boolean): string {
  if (text.length <= mostCharacters && !isTruncated) return text;
  return `${text.slice(0, mostCharacters)}\n--- the output goes on; the rest was not kept ---\n`;
}
