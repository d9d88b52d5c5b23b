import type { StepResult } from '../documents/index.ts';

/** What a reply says about a document. */
export interface ReplyContent {
  readonly documentStatus: string;
  readonly trace: string;
  readonly steps: readonly StepResult[];
  /** Of all steps that ended so far. */
  readonly counts: Readonly<Record<string, number>>;
}

/** The control plane takes at most 262,144; JSON escapes can make an output six times as long. */
const mostPayloadBytes = 250_000;

/** The payload of SendReply, as Amazon's agent writes it (messagecontracts in its source). */
export function writeReplyPayload(content: ReplyContent, agentVersion: string, now: Date): string {
  for (let mostCharacters = 100_000; ; mostCharacters = Math.floor(mostCharacters / 2)) {
    const text = JSON.stringify({
      additionalInfo: {
        agent: { lang: 'en-US', name: 'patchbay-agent', os: '', osver: '', ver: agentVersion },
        dateTime: now.toISOString(),
        runId: '',
        runtimeStatusCounts: content.counts,
      },
      documentStatus: content.documentStatus,
      documentTraceOutput: content.trace,
      runtimeStatus: Object.fromEntries(content.steps.map((step) => [step.name, writeStep(step, mostCharacters)])),
    });
    if (Buffer.byteLength(text) <= mostPayloadBytes || mostCharacters === 0) return text;
  }
}

function writeStep(step: StepResult, mostCharacters: number): object {
  return {
    status: step.status,
    code: step.code,
    name: step.action,
    output: '',
    startDateTime: step.startedAt,
    endDateTime: step.endedAt,
    outputS3BucketName: '',
    outputS3KeyPrefix: '',
    stepName: '',
    standardOutput: shorten(step.standardOutput, mostCharacters),
    standardError: shorten(step.standardError, mostCharacters),
    patchbayOutputBytes: step.standardOutputBytes,
    patchbayErrorBytes: step.standardErrorBytes,
  };
}

function shorten(text: string, mostCharacters: number): string {
  // capOutput's mark makes a full output a little longer than its limit.
  if (text.length <= mostCharacters + 100) return text;
  return `${text.slice(0, mostCharacters)}\n--- shortened to fit into one reply ---\n`;
}

export function countStatuses(steps: readonly StepResult[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of steps) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
