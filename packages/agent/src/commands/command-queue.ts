import { z } from 'zod';
import type { ControlPlaneClient } from '../client/index.ts';
import type { CommandJournal } from '../journal/index.ts';
import { describeError } from '../log.ts';
import { isDiskFull } from '../state/index.ts';
import { CancelPayload, CommandPayload, type Message, parsePayload, readCommandId } from './command-message.ts';
import { type ExecutionParts, executeCommand } from './execute-command.ts';

/** Commands from their message to their end, one after another in the order they came. */
export interface CommandQueue {
  /** Takes one message of any topic; it is acknowledged once it is in the journal. */
  accept(message: Message, signal: AbortSignal): Promise<void>;
  /** Takes up what an earlier agent left open. Call it once, before `work`. */
  recover(): void;
  /** Carries out what is there and what comes, until the signal is aborted. */
  work(signal: AbortSignal): Promise<void>;
}

export interface QueueParts extends ExecutionParts {
  readonly client: Pick<ControlPlaneClient, 'callMessages'>;
  readonly journal: CommandJournal;
}

/** Between two looks whether a full disk has room again. */
const fullDiskMilliseconds = 10_000;

export function createCommandQueue(parts: QueueParts): CommandQueue {
  const { ledger, client, log, instanceId } = parts;
  const waiting: string[] = [];
  let wake = () => {};

  const tell = async (operation: string, input: object, signal: AbortSignal) => {
    try {
      await client.callMessages(operation, input, z.object({}), { signal });
    } catch (error) {
      // Then the message comes once more, and the journal knows it.
      log({ level: 'warning', message: `${operation} did not get through: ${describeError(error)}` });
    }
  };
  const fail = (message: Message, reason: string, signal: AbortSignal) => {
    log({ level: 'warning', message: `The message ${message.MessageId} was refused: ${reason}` });
    const input = { MessageId: message.MessageId, FailureType: 'InternalHandlerException' };
    return tell('FailMessage', input, signal);
  };

  const acceptCommand = async (message: Message, signal: AbortSignal) => {
    const commandId = readCommandId(message.MessageId, instanceId);
    if (commandId === null) return fail(message, 'it names no command of this node', signal);
    const known = ledger.find(commandId);
    if (known === null) {
      const documentName = parsePayload(message.Payload, CommandPayload)?.DocumentName ?? 'an unreadable command';
      ledger.receive({ commandId, messageId: message.MessageId, documentName, payload: message.Payload });
      log({ level: 'info', message: `Received ${documentName} (${commandId}).` });
    }
    await tell('AcknowledgeMessage', { MessageId: message.MessageId }, signal);
    if (known?.isAnswered === true) {
      log({ level: 'info', message: `The command ${commandId} came again and is answered from the journal.` });
      ledger.answerAgain(known);
    } else if (known === null) {
      waiting.push(commandId);
      wake();
    }
  };

  const acceptCancel = async (message: Message, signal: AbortSignal) => {
    const target = parsePayload(message.Payload, CancelPayload)?.CancelMessageId ?? '';
    const commandId = readCommandId(target, instanceId);
    if (commandId === null) return fail(message, 'it names no command of this node', signal);
    const entry = ledger.find(commandId);
    if (entry !== null) ledger.markCancelled(commandId);
    if (entry !== null && entry.runId !== null && entry.final === null) parts.runs.requestCancel(entry.runId);
    log({ level: 'info', message: `The command ${commandId} is cancelled: no further step of it begins.` });
    await tell('AcknowledgeMessage', { MessageId: message.MessageId }, signal);
  };

  const waitForCommand = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const stop = () => resolve();
      wake = () => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted || waiting.length > 0) wake();
    });

  return {
    async accept(message, signal) {
      if (message.Topic.startsWith('aws.ssm.sendCommand')) await acceptCommand(message, signal);
      else if (message.Topic.startsWith('aws.ssm.cancelCommand')) await acceptCancel(message, signal);
      else await fail(message, `its topic ${message.Topic} is unknown`, signal);
    },
    recover() {
      const { entries, damaged } = parts.journal.listUnanswered();
      for (const path of damaged) {
        log({ level: 'error', message: `${path} is damaged: what became of that command is unknown.` });
      }
      waiting.push(...entries.map((entry) => entry.commandId));
    },
    async work(signal) {
      while (!signal.aborted) {
        const commandId = waiting.shift();
        if (commandId === undefined) {
          await waitForCommand(signal);
          continue;
        }
        try {
          await executeCommand(parts, commandId, signal);
        } catch (error) {
          log({
            level: 'error',
            message: `The command ${commandId} could not be carried out: ${describeError(error)}`,
          });
          if (isDiskFull(error)) {
            // Nothing is lost: it goes on where the journal has it, as after a restart of the agent.
            waiting.unshift(commandId);
            await parts.timers.sleep(fullDiskMilliseconds, signal);
          } else endBroken(parts, commandId, describeError(error));
        }
      }
    },
  };
}

/** An error of our own must not leave a command open for ever. */
function endBroken({ ledger, log }: QueueParts, commandId: string, reason: string): void {
  try {
    const entry = ledger.find(commandId);
    if (entry === null || entry.final !== null) return;
    ledger.finish(commandId, { status: 'Failed', trace: `The agent could not carry out the command: ${reason}` });
  } catch (error) {
    log({ level: 'error', message: `The journal cannot be written: ${describeError(error)}` });
  }
}
