import { AppError } from '@patchbay/facts';
import type { ComponentAction } from './action-inputs.ts';
import type { MachineQuestion } from './condition.ts';
import type { LoopIteration } from './loop.ts';

interface Place {
  readonly phase: string;
  readonly step: string;
}

/** An action to run now. */
export interface PerformRequest extends Place {
  readonly kind: 'perform';
  /** 1 for the first. */
  readonly attempt: number;
  readonly iteration: LoopIteration | null;
  readonly action: ComponentAction;
  /** For all iterations of this attempt together, from its first request on; null is without end. */
  readonly timeoutSeconds: number | null;
}

/** What a component that runs asks of who runs it, one at a time. */
export type ComponentRequest =
  | PerformRequest
  | (Place & { readonly kind: 'ask'; readonly question: MachineQuestion })
  | (Place & { readonly kind: 'reboot'; readonly delaySeconds: number });

/** One map for each entry of the inputs; of actions that take no list, one in all. */
export type ActionOutputs = readonly Readonly<Record<string, string>>[];

/** How an action ended. */
export type ActionOutcome =
  | { readonly kind: 'succeeded'; readonly outputs: ActionOutputs }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'timed-out' }
  /** The script asks for a reboot, after which it runs again. */
  | { readonly kind: 'reboot' };

/** `unknown` is an answer too: the step fails with the message. */
export type MachineAnswer =
  | { readonly kind: 'answer'; readonly holds: boolean }
  | { readonly kind: 'unknown'; readonly message: string };

export type ComponentReply =
  | { readonly kind: 'outcome'; readonly outcome: ActionOutcome }
  | MachineAnswer
  | { readonly kind: 'rebooted' };

/** A reply to another request than the last: a mistake of who runs the component. */
export class ComponentReplyError extends AppError<'UNEXPECTED_REPLY'> {}

/** The exit code by which a script asks for a reboot and to be run again (user guide, ExecuteBash and ExecuteBinary). */
export const rebootExitCode = 194;

/** How a script or a program ended. Its last line ends are no part of the output, as with a shell's `$(…)`. */
export function readExecution(exitCode: number, stdout: string): ActionOutcome {
  if (exitCode === rebootExitCode) return { kind: 'reboot' };
  if (exitCode !== 0) return { kind: 'failed', message: `ended with exit code ${exitCode}` };
  let end = stdout.length;
  while (end > 0 && stdout[end - 1] === '\n') end -= 1;
  return { kind: 'succeeded', outputs: [{ stdout: stdout.slice(0, end) }] };
}
