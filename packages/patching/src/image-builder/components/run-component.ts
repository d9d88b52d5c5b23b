import { describeInputProblems, readAction } from './action-inputs.ts';
import type { ComponentDocument, ComponentPhase, ComponentStep } from './component-document.ts';
import { type Condition, decideCondition, readCondition } from './condition.ts';
import { iterationsOf, type LoopIteration } from './loop.ts';
import { substituteExpressions, substituteInputs } from './references.ts';
import {
  type ActionOutcome,
  type ActionOutputs,
  type ComponentReply,
  ComponentReplyError,
  type ComponentRequest,
  type MachineAnswer,
  type PerformRequest,
} from './run-requests.ts';
import { StepProblem } from './step-problem.ts';
import { type ComponentStepResult, joinOutputs, type StepScope, valueOfExpression } from './step-scope.ts';

export type ComponentStatus = 'Success' | 'SuccessWithIgnoredFailure' | 'Failed';

export interface ComponentPhaseResult {
  readonly name: string;
  readonly status: ComponentStatus;
  readonly steps: readonly ComponentStepResult[];
}

export interface ComponentResult {
  readonly status: ComponentStatus;
  /** The phases that began; a step that aborts ends them. */
  readonly phases: readonly ComponentPhaseResult[];
}

export interface ComponentRun {
  /** Of `resolveComponentVariables`. */
  readonly variables: ReadonlyMap<string, string>;
  /** The phases to run, always in the order of the document; all without. */
  readonly phases?: readonly string[] | undefined;
  /** The steps of phases that ran before on the same machine, to which these may refer. */
  readonly earlier?: readonly ComponentStepResult[] | undefined;
  /** False in a container: a step that asks for a reboot fails. */
  readonly canReboot: boolean;
  /** Whether another component runs this one by ExecuteDocument, which is then refused: one level is all. */
  readonly isNested?: boolean;
}

type Running<Result> = Generator<ComponentRequest, Result, ComponentReply>;

/**
 * Runs a component: yields what is to be done or asked, takes the replies, and returns how all ended. The same replies always
 * lead to the same requests, so who runs it can keep the replies and, after a reboot, give them again to come to where it was;
 * thus an `if` is decided once.
 */
export function* runComponent(document: ComponentDocument, run: ComponentRun): Running<ComponentResult> {
  const earlier = [...(run.earlier ?? [])];
  const phases: ComponentPhaseResult[] = [];
  for (const phase of document.phases) {
    if (run.phases !== undefined && !run.phases.includes(phase.name)) continue;
    const { steps, isAborted } = yield* runPhase(phase, run, earlier);
    phases.push({ name: phase.name, status: statusOf(steps), steps });
    if (isAborted) break;
  }
  return { status: statusOf(phases.flatMap(({ steps }) => steps)), phases };
}

function statusOf(steps: readonly ComponentStepResult[]): ComponentStatus {
  if (steps.some(({ status }) => status === 'Failed')) return 'Failed';
  return steps.some(({ status }) => status === 'IgnoredFailure') ? 'SuccessWithIgnoredFailure' : 'Success';
}

function* runPhase(
  phase: ComponentPhase,
  run: ComponentRun,
  earlier: ComponentStepResult[],
): Running<{ readonly steps: readonly ComponentStepResult[]; readonly isAborted: boolean }> {
  const steps: ComponentStepResult[] = [];
  for (const step of phase.steps) {
    const { result, isAborted } = yield* new StepRun(phase.name, step, run, earlier).run();
    steps.push(result);
    earlier.push(result);
    if (isAborted) return { steps, isAborted };
  }
  return { steps, isAborted: false };
}

interface Failure {
  readonly iteration: LoopIteration | null;
  readonly message: string;
  readonly isTimeOut: boolean;
}

interface Attempt {
  readonly failures: readonly Failure[];
  readonly outputs: ActionOutputs | null;
}

interface StepEnd {
  readonly result: ComponentStepResult;
  readonly isAborted: boolean;
}

/** Inputs that double those of the step before would soon fill the memory of who runs the component. */
const mostCharacters = 1024 * 1024;

class StepRun {
  readonly #phase: string;
  readonly #step: ComponentStep;
  readonly #run: ComponentRun;
  readonly #scope: StepScope;
  /** Whether the attempts have asked anything of who runs the component. */
  #hasAsked = false;

  constructor(phase: string, step: ComponentStep, run: ComponentRun, earlier: readonly ComponentStepResult[]) {
    this.#phase = phase;
    this.#step = step;
    this.#run = run;
    this.#scope = { variables: run.variables, earlier, loop: null };
  }

  *run(): Running<StepEnd> {
    const { condition, maxAttempts, inputs } = this.#step;
    if (condition !== null) {
      const decided = yield* this.#decide(condition.condition, this.#scope);
      if (typeof decided === 'string') return this.#fail(0, [], decided);
      const effect = decided ? condition.whenTrue : condition.whenFalse;
      if (effect === 'Skip') return { result: this.#result({ status: 'Skipped' }), isAborted: false };
      if (effect === 'Abort') {
        const failureMessage = `its condition is ${decided}, which aborts the component`;
        return { result: this.#result({ status: 'Failed', failureMessage }), isAborted: true };
      }
    }
    let last: Attempt = { failures: [], outputs: null };
    this.#hasAsked = false;
    let attempts = 0;
    do {
      attempts += 1;
      last = yield* this.#attempt(attempts);
      // What came about without the machine comes about again.
    } while (last.failures.length > 0 && attempts < maxAttempts && this.#hasAsked);
    const written = this.#tryWrite(() => substituteInputs(inputs, this.#writer(this.#scope)));
    const held = { attempts, inputs: written.ok ? written.value : null, outputs: last.outputs };
    if (last.failures.length === 0) return { result: this.#result({ status: 'Success', ...held }), isAborted: false };
    return this.#fail(attempts, last.failures, describeFailures(last.failures, this.#step), held);
  }

  #result(given: Pick<ComponentStepResult, 'status'> & Partial<ComponentStepResult>): ComponentStepResult {
    const none = { attempts: 0, failedIterations: [], failureMessage: null, inputs: null, outputs: null };
    return { phase: this.#phase, step: this.#step.name, ...none, ...given };
  }

  #fail(
    attempts: number,
    failures: readonly Failure[],
    message: string,
    held: Partial<ComponentStepResult> = {},
  ): StepEnd {
    const { onFailure } = this.#step;
    const result = this.#result({
      ...held,
      status: onFailure === 'Ignore' ? 'IgnoredFailure' : 'Failed',
      attempts,
      failedIterations: failures.flatMap(({ iteration }) => (iteration === null ? [] : [iteration.index])),
      failureMessage: message,
    });
    return { result, isAborted: onFailure === 'Abort' };
  }

  /** All iterations from the beginning: the guide has every attempt run the entire step. */
  *#attempt(attempt: number): Running<Attempt> {
    const { loop, onFailure } = this.#step;
    const failures: Failure[] = [];
    let outputs: ActionOutputs | null = null;
    const iterations = this.#tryWrite(() =>
      loop === null ? [null] : iterationsOf(loop, (text) => substituteExpressions(text, this.#writer(this.#scope))),
    );
    if (!iterations.ok)
      return { failures: [{ iteration: null, message: iterations.message, isTimeOut: false }], outputs };
    for (const iteration of iterations.value) {
      const outcome = yield* this.#iterate(attempt, iteration);
      if (outcome.kind === 'succeeded') {
        outputs = joinOutputs(outputs, outcome.outputs);
        continue;
      }
      const isTimeOut = outcome.kind === 'timed-out';
      failures.push({ iteration, isTimeOut, message: outcome.kind === 'failed' ? outcome.message : 'timed out' });
      if (isTimeOut || onFailure === 'Abort') break;
    }
    return { failures, outputs };
  }

  *#iterate(attempt: number, iteration: LoopIteration | null): Running<ActionOutcome> {
    const { name: step, action: name, inputs, loop, timeoutSeconds } = this.#step;
    const { canReboot, isNested = false } = this.#run;
    const phase = this.#phase;
    const scope = { ...this.#scope, loop: iteration === null ? null : { name: loop?.name ?? null, iteration } };
    if (name === 'Assert') return yield* this.#assert(inputs, scope);
    const written = this.#tryWrite(() => substituteInputs(inputs, this.#writer(scope)));
    if (!written.ok) return { kind: 'failed', message: written.message };
    const ready = readAction(name, written.value);
    if (!ready.ok) return { kind: 'failed', message: describeInputProblems(ready.problems) };
    if (name === 'ExecuteDocument' && isNested) {
      return { kind: 'failed', message: 'a component that ExecuteDocument runs cannot use ExecuteDocument itself' };
    }
    if (ready.action.name === 'Reboot') {
      if (!canReboot) return noReboot;
      yield* this.#reboot(ready.action.inputs.delaySeconds);
      return { kind: 'succeeded', outputs: [] };
    }
    const request: PerformRequest = {
      kind: 'perform',
      phase,
      step,
      attempt,
      iteration,
      action: ready.action,
      timeoutSeconds,
    };
    for (;;) {
      this.#hasAsked = true;
      const reply = yield request;
      if (reply.kind !== 'outcome') throw unexpected(request, reply);
      if (reply.outcome.kind !== 'reboot') return reply.outcome;
      if (!canReboot) return noReboot;
      yield* this.#reboot(0);
    }
  }

  *#reboot(delaySeconds: number): Running<void> {
    const request: ComponentRequest = { kind: 'reboot', phase: this.#phase, step: this.#step.name, delaySeconds };
    const reply = yield request;
    if (reply.kind !== 'rebooted') throw unexpected(request, reply);
  }

  *#assert(inputs: unknown, scope: StepScope): Running<ActionOutcome> {
    const condition = readCondition(inputs, [], () => undefined);
    const decided = condition === null ? 'its inputs are no condition' : yield* this.#decide(condition, scope);
    if (decided === true) return { kind: 'succeeded', outputs: [] };
    return { kind: 'failed', message: decided === false ? 'what it asserts is not so' : decided };
  }

  /** Whether a condition holds, or why that cannot be said. */
  *#decide(condition: Condition, scope: StepScope): Running<boolean | string> {
    const deciding = decideCondition(condition, (text) => substituteExpressions(text, this.#writer(scope)));
    let holds = false;
    for (;;) {
      const decided = this.#tryWrite(() => deciding.next(holds));
      if (!decided.ok) return decided.message;
      if (decided.value.done) return decided.value.value;
      const question = decided.value.value;
      const request: ComponentRequest = { kind: 'ask', phase: this.#phase, step: this.#step.name, question };
      this.#hasAsked = true;
      const reply = yield request;
      if (reply.kind === 'unknown') return reply.message;
      if (reply.kind !== 'answer') throw unexpected(request, reply);
      holds = reply.holds;
    }
  }

  #writer(scope: StepScope): (expression: string) => string | undefined {
    let written = 0;
    return (expression) => {
      const value = valueOfExpression(scope, expression);
      written += value?.length ?? 0;
      if (written <= mostCharacters) return value;
      throw new StepProblem(`its references come to more than ${mostCharacters} characters`);
    };
  }

  #tryWrite<Value>(
    write: () => Value,
  ): { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly message: string } {
    try {
      return { ok: true, value: write() };
    } catch (error) {
      if (!(error instanceof StepProblem)) throw error;
      return { ok: false, message: error.message };
    }
  }
}

const noReboot: ActionOutcome = { kind: 'failed', message: 'it asks for a reboot, and this root cannot reboot' };

function unexpected(request: ComponentRequest, reply: ComponentReply): ComponentReplyError {
  return new ComponentReplyError('UNEXPECTED_REPLY', `The request ${request.kind} got the reply ${reply.kind}.`);
}

/** How many failed iterations a message names. */
const mostIndexes = 20;

function describeFailures(failures: readonly Failure[], { loop, timeoutSeconds }: ComponentStep): string {
  const [first] = failures;
  if (first === undefined) return '';
  const timedOut = failures.some(({ isTimeOut }) => isTimeOut);
  if (timedOut) return `${loop === null ? 'timed' : 'its loop timed'} out after ${timeoutSeconds} seconds`;
  if (first.iteration === null) return first.message;
  const indexes = failures.slice(0, mostIndexes).map(({ iteration }) => iteration?.index);
  const more = failures.length > mostIndexes ? ` and ${failures.length - mostIndexes} more` : '';
  return `iteration ${indexes.join(', ')}${more} failed: ${first.message}`;
}

/** Who runs components on a machine. */
export interface ComponentPort {
  answer(request: Extract<ComponentRequest, { kind: 'ask' }>): Promise<MachineAnswer>;
  perform(request: PerformRequest): Promise<ActionOutcome>;
  reboot(request: Extract<ComponentRequest, { kind: 'reboot' }>): Promise<void>;
}

/** Runs a component to its end on a machine that stays up; one that reboots keeps the replies and gives them again. */
export async function driveComponent(running: Running<ComponentResult>, port: ComponentPort): Promise<ComponentResult> {
  let next = running.next();
  while (!next.done) {
    const request = next.value;
    let reply: ComponentReply;
    if (request.kind === 'ask') reply = await port.answer(request);
    else if (request.kind === 'perform') reply = { kind: 'outcome', outcome: await port.perform(request) };
    else {
      await port.reboot(request);
      reply = { kind: 'rebooted' };
    }
    next = running.next(reply);
  }
  return next.value;
}
