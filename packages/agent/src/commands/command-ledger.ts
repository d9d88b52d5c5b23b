import { combineStatuses, type EndStatus, type StepResult } from '../documents/index.ts';
import type { CommandJournal, JournalEntry, PendingReboot } from '../journal/index.ts';
import { countStatuses, type OutputSpool, type ReplySpool, writeReplyPayload } from '../replies/index.ts';
import type { Timers } from '../timers.ts';

/**
 * The journal and the replies of commands, kept in step: first the journal, then the reply. Whatever moment the agent
 * dies at, the journal knows at least as much as the control plane was told.
 */
export interface CommandLedger {
  find(commandId: string): JournalEntry | null;
  receive(entry: Pick<JournalEntry, 'commandId' | 'messageId' | 'documentName' | 'payload'>): void;
  markCancelled(commandId: string): void;
  /** From here on it may have had an effect. */
  start(commandId: string, runId: string | null): void;
  /** `runId`: the run of the patcher that carries the step out, where one does. */
  openStep(commandId: string, step: NonNullable<JournalEntry['openStep']>, runId?: string): void;
  closeStep(commandId: string, result: StepResult): void;
  /** The machine is about to be rebooted for the open step. */
  openReboot(commandId: string, reboot: PendingReboot): void;
  /** The step that asked for the reboot begins again. */
  closeReboot(commandId: string): void;
  /** The patcher of a command is about to be started again. */
  countRestart(commandId: string): void;
  /** Ends a command and puts its last reply into the spool. Steps that are given count as closed with it. */
  finish(commandId: string, end?: { readonly status: EndStatus; readonly trace: string }): void;
  /** Sends what the journal knows of an ended command once more. */
  answerAgain(entry: JournalEntry): void;
}

export function createCommandLedger(parts: {
  readonly journal: CommandJournal;
  readonly spool: Pick<ReplySpool, 'add'>;
  readonly outputs: Pick<OutputSpool, 'keep'>;
  readonly agentVersion: string;
  readonly timers: Pick<Timers, 'now'>;
}): CommandLedger {
  const { journal, spool, outputs, agentVersion, timers } = parts;

  const read = (commandId: string): JournalEntry => {
    const entry = journal.find(commandId);
    if (entry === null) throw new RangeError(`The command ${commandId} was never received`);
    return entry;
  };
  const update = (commandId: string, change: Partial<JournalEntry>): JournalEntry => {
    const entry = { ...read(commandId), ...change };
    journal.write(entry);
    return entry;
  };
  const reply = (entry: JournalEntry, documentStatus: string, steps: readonly StepResult[], trace: string) => {
    const content = { documentStatus, steps, trace, counts: countStatuses(entry.steps) };
    spool.add(entry.messageId, writeReplyPayload(content, agentVersion, timers.now()));
  };
  const replyFinal = (entry: JournalEntry) => {
    if (entry.final === null) return;
    // As Amazon's agent has it: only a one-step document repeats its step in the last reply.
    reply(entry, entry.final.status, entry.steps.length === 1 ? entry.steps : [], entry.final.trace);
    update(entry.commandId, { isAnswered: true });
  };

  return {
    find: (commandId) => journal.find(commandId),
    receive: (received) =>
      journal.write({
        ...received,
        receivedAt: timers.now().toISOString(),
        isCancelled: false,
        startedAt: null,
        runId: null,
        openStep: null,
        steps: [],
        reboot: null,
        reboots: 0,
        restarts: 0,
        final: null,
        isAnswered: false,
      }),
    markCancelled: (commandId) => {
      if (read(commandId).final === null) update(commandId, { isCancelled: true });
    },
    start(commandId, runId) {
      const entry = update(commandId, { startedAt: timers.now().toISOString(), runId });
      reply(entry, 'InProgress', [], '');
    },
    openStep: (commandId, openStep, runId) =>
      void update(commandId, { openStep, ...(runId === undefined ? {} : { runId }) }),
    closeStep(commandId, result) {
      const kept = outputs.keep(commandId, result);
      const entry = update(commandId, { openStep: null, steps: [...read(commandId).steps, kept] });
      reply(entry, 'InProgress', [kept], '');
    },
    openReboot: (commandId, reboot) => void update(commandId, { reboot, reboots: read(commandId).reboots + 1 }),
    closeReboot: (commandId) => void update(commandId, { reboot: null }),
    countRestart: (commandId) => void update(commandId, { restarts: read(commandId).restarts + 1 }),
    finish(commandId, end) {
      const { steps } = read(commandId);
      const { status, trace } = end ?? { status: combineStatuses(steps), trace: '' };
      replyFinal(update(commandId, { openStep: null, final: { status, trace, endedAt: timers.now().toISOString() } }));
    },
    answerAgain(entry) {
      if (entry.steps.length > 1) for (const step of entry.steps) reply(entry, 'InProgress', [step], '');
      replyFinal(entry);
    },
  };
}
