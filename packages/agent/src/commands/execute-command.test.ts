import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type JournalEntry, openCommandJournal } from '../journal/index.ts';
import type { PatchRunEnd } from '../patch-run.ts';
import type { PatchRunQueue } from '../patch-run-queue.ts';
import { makePrivateDirectory } from '../test-support/private-directory.ts';
import { createRecordingMachine, type RecordingMachine } from '../test-support/recording-machine.ts';
import {
  commandId,
  createTestSigningKey,
  nodeId,
  shellDocument,
  type TestCommand,
  writeMessage,
} from '../test-support/signed-commands.ts';
import { createTestTimers } from '../test-support/test-timers.ts';
import { createCommandLedger } from './command-ledger.ts';
import { createCommandQueue } from './command-queue.ts';

const key = createTestSigningKey();
const at = '2026-11-22T09:00:00.000Z';
const finished: PatchRunEnd = { kind: 'finished', exitCode: 0, standardOutput: 'done', standardError: '' };

interface Reply {
  readonly documentStatus: string;
  readonly documentTraceOutput: string;
  readonly runtimeStatus: Record<string, { status: string; standardError: string; standardOutput: string }>;
}

interface Setup {
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
}

function setUp(
  options: { end?: PatchRunEnd; command?: TestCommand; onRun?: (setup: Setup) => void; policy?: object } = {},
): Setup {
  const directory = join(makePrivateDirectory(), 'commands');
  mkdirSync(directory);
  const policyFile = join(directory, '..', 'policy.json');
  if (options.policy !== undefined) writeFileSync(policyFile, JSON.stringify(options.policy), { mode: 0o600 });
  const journal = openCommandJournal(directory);
  const timers = createTestTimers();
  const replies: Reply[] = [];
  const events: string[] = [];
  const machine = createRecordingMachine((_script, { argv }) => {
    events.push(`${argv[0] === 'rm' ? 'cleaning' : 'step'} ${setup.find()?.openStep?.name ?? ''}`.trim());
    options.onRun?.(setup);
    return {};
  });
  const runs: PatchRunQueue = {
    perform: async (request, _signal, mayStart) => {
      if (mayStart?.() === false) return { kind: 'not-started' };
      events.push(`${request.operation} ${setup.find()?.runId ?? 'not in the journal'}`);
      return options.end ?? finished;
    },
    resume: async (runId) => {
      events.push(`resume ${runId}`);
      return options.end ?? finished;
    },
    requestCancel: (runId) => events.push(`cancel ${runId}`),
  };
  const ledger = createCommandLedger({
    journal,
    agentVersion: '1',
    timers,
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
  const setup: Setup = {
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
  return setup;
}

const step = (name: string) => ({ name, action: 'aws:runShellScript', startedAt: at });
const done = (name: string) =>
  ({ ...step(name), status: 'Success', code: 0, standardOutput: name, standardError: '', endedAt: at }) as const;

describe('an agent that was ended in the middle of a command', () => {
  it('begins what was only received', async () => {
    const { write, restart, events, replies } = setUp();
    write({});
    await restart();
    expect(events).toEqual([`Scan ${commandId}`]);
    expect(replies.map((reply) => reply.documentStatus)).toEqual(['InProgress', 'InProgress', 'Success']);
  });

  it('refuses what was received and has expired meanwhile', async () => {
    const { write, restart, events, replies } = setUp({ command: { expiresAt: '2026-11-22T09:30:00.000Z' } });
    write({});
    await restart();
    expect(events).toEqual([]);
    expect(replies.at(-1)).toMatchObject({
      documentStatus: 'Failed',
      documentTraceOutput: expect.stringMatching(/expired/),
    });
  });

  it('waits for the patcher that went on, and starts no other', async () => {
    const { write, restart, events, replies } = setUp();
    write({ startedAt: at, runId: commandId, openStep: step('PatchLinux') });
    await restart();
    expect(events).toEqual([`resume ${commandId}`]);
    expect(replies.at(-1)).toMatchObject({ documentStatus: 'Success', runtimeStatus: { PatchLinux: {} } });
  });

  it.each<[PatchRunEnd, RegExp]>([
    [{ kind: 'vanished', standardOutput: '', standardError: 'half' }, /How far it came is unknown/],
    [{ kind: 'not-started' }, /nothing was scanned or installed/],
    [{ kind: 'finished', exitCode: 2, standardOutput: '', standardError: 'no space' }, /no space/],
  ])('reports a patcher that came to no good end: %j', async (end, reason) => {
    const { write, restart, replies } = setUp({ end });
    write({ startedAt: at, runId: commandId, openStep: step('PatchLinux') });
    await restart();
    expect(replies.at(-1)?.documentStatus).toBe('Failed');
    expect(replies.at(-1)?.runtimeStatus['PatchLinux']?.standardError).toMatch(reason);
  });

  it('reports a shell step that ran then as failed, and does not run it again', async () => {
    const { write, restart, machine, replies } = setUp();
    write({ startedAt: at, openStep: step('b'), steps: [done('a')] });
    await restart();
    expect(machine.commands).toEqual([]);
    expect(replies[0]?.runtimeStatus['b']).toMatchObject({
      status: 'Failed',
      standardError: expect.stringMatching(/How far it came is unknown/),
    });
    expect(replies.at(-1)?.documentStatus).toBe('Failed');
  });

  it('begins no further step of a document that was between two', async () => {
    const { write, restart, machine, replies } = setUp();
    write({ startedAt: at, steps: [done('a')] });
    await restart();
    expect(machine.commands).toEqual([]);
    expect(replies.at(-1)).toMatchObject({
      documentStatus: 'Failed',
      documentTraceOutput: expect.stringMatching(/between two steps/),
    });
  });

  it('sends the last reply, and those of the steps, when it had not come so far', async () => {
    const { write, restart, events, replies } = setUp();
    const final = { status: 'Success', trace: '', endedAt: at } as const;
    write({ startedAt: at, steps: [done('a'), done('b')], final });
    await restart();
    expect(events).toEqual([]);
    expect(replies.map((reply) => [reply.documentStatus, Object.keys(reply.runtimeStatus)])).toEqual([
      ['InProgress', ['a']],
      ['InProgress', ['b']],
      ['Success', []],
    ]);
  });

  it('says nothing more about what was answered', async () => {
    const { write, restart, replies } = setUp();
    write({ final: { status: 'Success', trace: '', endedAt: at }, isAnswered: true });
    await restart();
    expect(replies).toEqual([]);
  });
});

describe('a message', () => {
  it('is acknowledged only once the command is in the journal', async () => {
    const { accept, events, find } = setUp();
    await accept({});
    expect(events).toEqual(['AcknowledgeMessage']);
    expect(find()).toMatchObject({ startedAt: null, documentName: 'AWS-RunPatchBaseline' });
  });

  it('that comes again while its command waits is acknowledged and nothing else', async () => {
    const { accept, restart, events } = setUp();
    await accept({});
    await accept({});
    await restart();
    expect(events).toEqual(['AcknowledgeMessage', 'AcknowledgeMessage', `Scan ${commandId}`]);
  });
});

describe('a cancelled command', () => {
  it('does not begin when it had not begun', async () => {
    const { write, cancel, restart, events, replies } = setUp();
    write({});
    await cancel();
    await restart();
    expect(events).toEqual(['AcknowledgeMessage']);
    expect(replies).toMatchObject([{ documentStatus: 'Cancelled' }]);
  });

  it('asks a running patcher to begin no further transaction', async () => {
    const { write, cancel, events } = setUp();
    write({ startedAt: at, runId: commandId });
    await cancel();
    expect(events).toContain(`cancel ${commandId}`);
  });

  it('stays as it ended when it had ended', async () => {
    const { write, cancel, find } = setUp();
    write({ final: { status: 'Success', trace: '', endedAt: at }, isAnswered: true });
    await cancel();
    expect(find()?.isCancelled).toBe(false);
  });
});

const command: TestCommand = {
  documentName: 'Mine',
  documentContent: shellDocument(['a', 'b'].map((name) => ({ name, inputs: { runCommand: ['true'] } }))),
  parameters: {},
};

describe.runIf(process.getuid?.() === 0)('a document that the owner allows', () => {
  const policy = { mode: 'full' };

  it('has each step in the journal before it runs, and leaves no script behind', async () => {
    const { write, restart, events, find } = setUp({ command, policy });
    write({});
    await restart();
    expect(events).toEqual(['step a', 'step b', 'cleaning']);
    expect(find()?.steps.map((each) => each.status)).toEqual(['Success', 'Success']);
  });

  it('begins no further step after a cancellation', async () => {
    const { write, restart, events, replies } = setUp({ command, policy, onRun: (setup) => void setup.cancel() });
    write({});
    await restart();
    expect(events).not.toContain('step b');
    expect(replies.at(-1)?.documentStatus).toBe('Cancelled');
  });
});

describe('the policy of a node', () => {
  it('keeps a document from running that was signed and allowed nowhere', async () => {
    const { write, restart, machine, replies } = setUp({ command });
    write({});
    await restart();
    expect(machine.commands).toEqual([]);
    expect(replies.at(-1)).toMatchObject({ documentStatus: 'Failed', runtimeStatus: { a: { status: 'Failed' } } });
  });
});
