import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCommandLedger } from '../commands/command-ledger.ts';
import { createCommandQueue } from '../commands/command-queue.ts';
import { type CommandJournal, type JournalEntry, openCommandJournal } from '../journal/index.ts';
import type { CommandOutput } from '../machine/index.ts';
import type { PatchRunEnd } from '../patch-run.ts';
import type { PatchRunQueue } from '../patch-run-queue.ts';
import { makePrivateDirectory } from './private-directory.ts';
import { createRecordingMachine, type RecordingMachine } from './recording-machine.ts';
import {
  commandId,
  createTestSigningKey,
  nodeId,
  shellDocument,
  type TestCommand,
  writeMessage,
} from './signed-commands.ts';
import type { TestRebooter } from './test-rebooter.ts';
import { createTestTimers } from './test-timers.ts';

const key = createTestSigningKey();
export const at = '2026-11-22T09:00:00.000Z';
export const finished: PatchRunEnd = { kind: 'finished', exitCode: 0, standardOutput: 'done', standardError: '' };

export interface Reply {
  readonly documentStatus: string;
  readonly documentTraceOutput: string;
  readonly runtimeStatus: Record<string, { status: string; standardError: string; standardOutput: string }>;
}

/** The queue of commands between a journal on a real disk and everything else, which notes what it is asked. */
export interface CommandStage {
  readonly machine: RecordingMachine;
  readonly replies: Reply[];
  /** What happened outside, in order. */
  readonly events: string[];
  readonly write: (entry: Partial<JournalEntry>) => void;
  readonly find: () => JournalEntry | null;
  readonly cancel: () => Promise<void>;
  readonly accept: (command: TestCommand) => Promise<void>;
  /** As a new agent does: recovers, and works until nothing is open. */
  readonly restart: () => Promise<void>;
  /** The same, stopped in the midst. */
  readonly stopWhen: (condition: () => boolean) => Promise<void>;
}

export function openCommandStage(
  options: {
    end?: PatchRunEnd;
    /** What the patcher ends with each time that it is started again; then as the first time. */
    later?: PatchRunEnd[];
    rebooter?: TestRebooter | null;
    answer?: (script: string) => Partial<CommandOutput>;
    command?: TestCommand;
    onRun?: (stage: Pick<CommandStage, 'cancel'>) => void;
    policy?: object;
    /** How many writes of the journal, after the first few, find a full disk. */
    fullDisk?: { after: number; writes: number };
  } = {},
): CommandStage {
  const directory = join(makePrivateDirectory(), 'commands');
  mkdirSync(directory);
  const policyFile = join(directory, '..', 'policy.json');
  if (options.policy !== undefined) writeFileSync(policyFile, JSON.stringify(options.policy), { mode: 0o600 });
  const journal = fillDisk(openCommandJournal(directory), options.fullDisk ?? { after: 0, writes: 0 });
  const timers = createTestTimers();
  const replies: Reply[] = [];
  const events: string[] = [];
  const later = [...(options.later ?? [])];
  const machine = createRecordingMachine((script, { argv }) => {
    events.push(`${argv[0] === 'rm' ? 'cleaning' : 'step'} ${stage.find()?.openStep?.name ?? ''}`.trim());
    options.onRun?.(stage);
    return argv[0] === 'rm' ? {} : (options.answer?.(script) ?? {});
  });
  const runs: PatchRunQueue = {
    perform: async (request, _signal, mayStart) => {
      if (mayStart?.() === false) return { kind: 'not-started' };
      events.push(`${request.operation} ${stage.find()?.runId ?? 'not in the journal'}`);
      return options.end ?? finished;
    },
    resume: async (runId) => {
      events.push(`resume ${runId}`);
      return options.end ?? finished;
    },
    restart: async (runId, reboot) => {
      events.push(
        `restart ${runId}${reboot === null ? '' : ` after ${reboot.problem ?? `the end of ${reboot.bootId}`}`}`,
      );
      return later.shift() ?? options.end ?? finished;
    },
    requestCancel: (runId) => events.push(`cancel ${runId}`),
  };
  const ledger = createCommandLedger({
    journal,
    agentVersion: '1',
    timers,
    outputs: { keep: (_commandId, step) => step },
    spool: { add: (_messageId, payload) => replies.push(JSON.parse(payload)) },
  });
  const queue = createCommandQueue({
    ledger,
    journal,
    runs,
    machine,
    instanceId: nodeId,
    signingKey: key,
    policyFile,
    selfUpdate: null,
    now: () => timers.now(),
    rebooter: options.rebooter ?? null,
    timers,
    log: () => {},
    client: {
      callMessages: async (operation, _input, output) => {
        events.push(`${operation}${journal.find(commandId) === null ? ' before the journal' : ''}`);
        return output.parse({});
      },
    },
  });
  const forever = new AbortController().signal;
  const message = writeMessage(options.command ?? {}, key);
  const stage: Omit<CommandStage, 'stopWhen'> = {
    machine,
    replies,
    events,
    find: () => journal.find(commandId),
    write: (entry) =>
      journal.write({
        commandId,
        messageId: message.MessageId,
        documentName: 'AWS-RunPatchBaseline',
        receivedAt: at,
        payload: message.Payload,
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
        ...entry,
      }),
    cancel: () =>
      queue.accept(
        {
          MessageId: 'aws.ssm.cancel.x',
          Topic: 'aws.ssm.cancelCommand.us-east-1',
          Payload: JSON.stringify({ CancelMessageId: message.MessageId }),
        },
        forever,
      ),
    accept: (command) => queue.accept(writeMessage(command, key), forever),
    restart: async () => {
      const stop = new AbortController();
      queue.recover();
      const working = queue.work(stop.signal);
      while (journal.listUnanswered().entries.length > 0) await new Promise((resolve) => setImmediate(resolve));
      stop.abort();
      await working;
    },
  };
  return {
    ...stage,
    stopWhen: async (condition) => {
      const stop = new AbortController();
      queue.recover();
      const working = queue.work(stop.signal);
      while (!condition()) await new Promise((resolve) => setImmediate(resolve));
      stop.abort();
      await working;
    },
  };
}

function fillDisk(journal: CommandJournal, { after, writes }: { after: number; writes: number }): CommandJournal {
  let written = 0;
  return {
    ...journal,
    write(entry) {
      written += 1;
      if (written > after && written <= after + writes) {
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      }
      journal.write(entry);
    },
  };
}

export const step = (name: string) => ({ name, action: 'aws:runShellScript', startedAt: at });
export const done = (name: string) =>
  ({ ...step(name), status: 'Success', code: 0, standardOutput: name, standardError: '', endedAt: at }) as const;

/** A document of two shell steps. */
export const twoSteps: TestCommand = {
  documentName: 'Mine',
  documentContent: shellDocument(['a', 'b'].map((name) => ({ name, inputs: { runCommand: ['true'] } }))),
  parameters: {},
};
