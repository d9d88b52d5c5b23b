import type { ActionOutcome } from '@patchbay/patching';

/** Ends an action before its own end, with an outcome. */
export class ActionEnd extends Error {
  readonly outcome: ActionOutcome;

  constructor(outcome: ActionOutcome) {
    super(outcome.kind);
    this.outcome = outcome;
  }
}

export function failed(message: string): ActionEnd {
  return new ActionEnd({ kind: 'failed', message });
}
