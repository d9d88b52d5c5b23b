import type { LoopIteration } from './loop.ts';
import { type ChainReference, readReference } from './references.ts';
import type { ActionOutputs } from './run-requests.ts';
import { StepProblem } from './step-problem.ts';

export type ComponentStepStatus = 'Success' | 'Failed' | 'IgnoredFailure' | 'Skipped';

/** How a step ended, with all that later steps may refer to. */
export interface ComponentStepResult {
  readonly phase: string;
  readonly step: string;
  readonly status: ComponentStepStatus;
  /** How often it was tried; 0 when it was skipped or its condition failed. */
  readonly attempts: number;
  /** The iterations of the last attempt that failed. */
  readonly failedIterations: readonly number[];
  readonly failureMessage: string | null;
  /** With references replaced, except those to loop variables; null when it did not come to that. */
  readonly inputs: unknown;
  /** Of all iterations that succeeded, joined line by line; null when none did. */
  readonly outputs: ActionOutputs | null;
}

/** What the references of a step stand for. */
export interface StepScope {
  readonly variables: ReadonlyMap<string, string>;
  readonly earlier: readonly ComponentStepResult[];
  readonly loop: { readonly name: string | null; readonly iteration: LoopIteration } | null;
}

/** The value of one expression; undefined for what is none, or cannot have one here. Throws StepProblem for what should. */
export function valueOfExpression(scope: StepScope, expression: string): string | undefined {
  const reference = readReference(expression);
  if (reference === null) return undefined;
  if (reference.kind === 'name') return scope.variables.get(reference.name);
  if (reference.kind === 'chain') return valueOfChain(scope.earlier, reference, expression);
  const { loop } = scope;
  if (loop === null || (reference.loop !== 'loop' && reference.loop !== loop.name)) return undefined;
  return reference.member === 'index' ? String(loop.iteration.index) : loop.iteration.value;
}

function valueOfChain(earlier: readonly ComponentStepResult[], chain: ChainReference, expression: string): string {
  const { phase, step, side, index, variable } = chain;
  const refuse = (reason: string): never => {
    throw new StepProblem(`{{ ${expression} }} has no value: ${reason}`);
  };
  const result = earlier.findLast((each) => each.phase === phase && each.step === step);
  if (result === undefined) return refuse(`step ${step} of phase ${phase} did not run`);
  if (result.status === 'Skipped') return refuse(`step ${step} of phase ${phase} was skipped`);
  const held: unknown = result[side];
  if (held === null || held === undefined) return refuse(`step ${step} of phase ${phase} failed`);
  const members: unknown = Array.isArray(held) ? held[index ?? 0] : held;
  const value =
    typeof members === 'object' && members !== null
      ? new Map<string, unknown>(Object.entries(members)).get(variable)
      : null;
  return typeof value === 'string' ? value : refuse(`step ${step} of phase ${phase} gave none`);
}

/** Outputs with those of another iteration: each joined by a line end (user guide, "Step and iteration outputs"). */
export function joinOutputs(joined: ActionOutputs | null, outputs: ActionOutputs): ActionOutputs {
  if (joined === null) return outputs;
  return Array.from({ length: Math.max(joined.length, outputs.length) }, (_, index) => {
    const members = new Map(Object.entries(joined[index] ?? {}));
    for (const [name, value] of Object.entries(outputs[index] ?? {})) {
      const before = members.get(name);
      members.set(name, before === undefined ? value : `${before}\n${value}`);
    }
    return Object.fromEntries(members);
  });
}
