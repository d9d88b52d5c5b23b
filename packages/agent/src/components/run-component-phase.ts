import {
  type ActionOutcome,
  type ComponentDocument,
  type ComponentResult,
  type ComponentStepResult,
  driveComponent,
  type PerformRequest,
  runComponent,
} from '@patchbay/patching';
import type { Machine } from '../machine/index.ts';
import { ActionEnd } from './action-end.ts';
import { askMachine } from './ask-machine.ts';
import type { Download } from './download.ts';
import { executeBash, executeBinary } from './execute-program.ts';
import { isFileAction, runFileAction } from './file-actions.ts';
import { type FetchComponent, readNestedDocument } from './nested-document.ts';
import { type ActionStage, findUnusableVariables, requireNotStopped, runInTime } from './run-program.ts';
import type { ComponentLine } from './step-log.ts';
import { webDownload } from './web-download.ts';

/** UpdateOS: brings the root up to date as far as its baseline approves. */
export type UpdateOperatingSystem = (selection: {
  /** Names of packages; empty for all. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}) => Promise<ActionOutcome>;

export interface ComponentRunRequest {
  /** Opened read-write; with `keepsTemporaryFiles`, or steps find nothing of each other's in /tmp. */
  readonly machine: Machine;
  readonly document: ComponentDocument;
  /** Of `resolveComponentVariables`. */
  readonly variables: ReadonlyMap<string, string>;
  /** All without. */
  readonly phases?: readonly string[];
  /** The steps of phases that ran before on the same machine. */
  readonly earlier?: readonly ComponentStepResult[];
  /** ENV of the image. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where programs begin and relative paths are. */
  readonly workingDirectory: string;
  readonly canReboot: boolean;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly onLine: (line: ComponentLine) => void;
  readonly updateOperatingSystem: UpdateOperatingSystem;
  readonly fetchComponent: FetchComponent;
  /** For WebDownload: `createDownloader`. */
  readonly download: Download;
}

/** When a step began and ended. One that was skipped without a question has no time. */
export interface StepTime {
  readonly phase: string;
  readonly step: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
}

export interface ComponentRunResult extends ComponentResult {
  readonly times: readonly StepTime[];
}

/**
 * Runs phases of a component on a machine. Steps that fail are in the result.
 *
 * @throws ComponentRunError STOPPED when the signal ended it; what ran then has ended with all it started
 */
export async function runComponentPhase(request: ComponentRunRequest): Promise<ComponentRunResult> {
  const { document, variables, phases, earlier, canReboot, environment } = request;
  requireNotStopped(request.signal);
  const unusable = findUnusableVariables(environment);
  const [first] = document.phases;
  if (unusable.length > 0 && first !== undefined) {
    const text = `Steps do not see ${unusable.join(', ')} of the environment: no shell can hold it.`;
    request.onLine({ at: request.now(), phase: first.name, step: '', stream: 'info', text });
  }
  return await drive(request, runComponent(document, { variables, phases, earlier, canReboot }), null);
}

type Running = ReturnType<typeof runComponent>;

/** Within the step of another component where `outer` is not null. */
async function drive(
  request: ComponentRunRequest,
  running: Running,
  outer: { readonly phase: string; readonly step: string } | null,
): Promise<ComponentRunResult> {
  const { now, signal } = request;
  const times = new Map<string, { phase: string; step: string; startedAt: Date; endedAt: Date }>();
  const timed = async <Result>(phase: string, step: string, work: () => Promise<Result>): Promise<Result> => {
    requireNotStopped(signal);
    const key = `${phase}\n${step}`;
    const time = times.get(key) ?? { phase, step, startedAt: now(), endedAt: now() };
    times.set(key, time);
    try {
      return await work();
    } finally {
      time.endedAt = now();
    }
  };
  const performed = new Set<string>();
  let attempt = { name: '', endsAt: null as number | null };
  const secondsLeft = () => (attempt.endsAt === null ? null : (attempt.endsAt - performance.now()) / 1000);
  const stageOf = (phase: string, step: string): ActionStage => ({
    machine: request.machine,
    environment: request.environment,
    workingDirectory: request.workingDirectory,
    signal,
    secondsLeft,
    say: (stream, text) =>
      request.onLine({
        at: now(),
        phase: outer?.phase ?? phase,
        step: outer === null ? step : `${outer.step}/${step}`,
        stream,
        text,
      }),
  });
  const result = await driveComponent(running, {
    answer: ({ phase, step, question }) =>
      timed(phase, step, async () => {
        // Looking takes no time that a step could have a limit for.
        const stage = { ...stageOf(phase, step), secondsLeft: () => questionSeconds };
        try {
          return await askMachine(stage, question);
        } catch (error) {
          if (!(error instanceof ActionEnd)) throw error;
          const { outcome } = error;
          return { kind: 'unknown', message: outcome.kind === 'failed' ? outcome.message : 'looking took too long' };
        }
      }),
    perform: (perform) =>
      timed(perform.phase, perform.step, async () => {
        performed.add(`${perform.phase}\n${perform.step}`);
        const name = `${perform.phase}\n${perform.step}\n${perform.attempt}`;
        if (attempt.name !== name) {
          const { timeoutSeconds } = perform;
          attempt = { name, endsAt: timeoutSeconds === null ? null : performance.now() + timeoutSeconds * 1000 };
        }
        const stage = stageOf(perform.phase, perform.step);
        stage.say('info', describeBeginning(perform));
        const outcome = await performAction(request, stage, perform);
        stage.say('info', describeEnd(perform, outcome));
        return outcome;
      }),
    reboot: async () => {
      throw new TypeError('A component asked for a reboot where there is none.');
    },
  });
  // An Assert and a condition ask and perform nothing, so nothing has told of them yet.
  for (const { phase, step, failureMessage } of result.phases.flatMap(({ steps }) => steps)) {
    if (failureMessage !== null && !performed.has(`${phase}\n${step}`)) {
      stageOf(phase, step).say('info', `failed: ${failureMessage}`);
    }
  }
  return { ...result, times: [...times.values()] };
}

/** The time for one question about the machine. */
const questionSeconds = 60;

async function performAction(
  request: ComponentRunRequest,
  stage: ActionStage,
  { action, phase, step }: PerformRequest,
): Promise<ActionOutcome> {
  try {
    if (isFileAction(action)) return await runFileAction(stage, action);
    switch (action.name) {
      case 'ExecuteBash':
        return await executeBash(stage, action.inputs);
      case 'ExecuteBinary':
        return await executeBinary(stage, action.inputs);
      case 'ExecuteDocument': {
        const nested = await readNestedDocument(stage, action.inputs, request.fetchComponent);
        const { document, variables, phases } = nested;
        const running = runComponent(document, { variables, phases, canReboot: request.canReboot, isNested: true });
        return outcomeOf(await drive(request, running, { phase, step }));
      }
      case 'UpdateOS': {
        const { include, exclude } = action.inputs;
        const report = (line: string) => stage.say('stdout', line);
        return await runInTime(stage, (signal) => request.updateOperatingSystem({ include, exclude, signal, report }));
      }
      case 'WebDownload':
        return await webDownload(stage, action.inputs, request.download);
      case 'S3Download':
      case 'S3Upload':
        return { kind: 'failed', message: noObjectStore };
      case 'Assert':
      case 'Reboot':
        throw new TypeError(`${action.name} is never asked of a machine.`);
    }
  } catch (error) {
    if (error instanceof ActionEnd) return error.outcome;
    throw error;
  }
}

const noObjectStore = 'there is no S3 here';

function outcomeOf({ status, phases }: ComponentResult): ActionOutcome {
  if (status !== 'Failed') return { kind: 'succeeded', outputs: [] };
  const failures = phases.flatMap(({ steps }) =>
    steps.flatMap((each) => (each.status === 'Failed' ? [`step ${each.step}: ${each.failureMessage}`] : [])),
  );
  return { kind: 'failed', message: `the component inside failed: ${failures.join('; ')}` };
}

/** Never with inputs: they can hold what a log shall not. */
function describeBeginning({ action, attempt, iteration }: PerformRequest): string {
  const which = [
    ...(attempt === 1 ? [] : [`attempt ${attempt}`]),
    ...(iteration === null ? [] : [`iteration ${iteration.index}`]),
  ];
  return `${action.name}${which.length === 0 ? '' : ` (${which.join(', ')})`} began`;
}

function describeEnd({ action, timeoutSeconds }: PerformRequest, outcome: ActionOutcome): string {
  switch (outcome.kind) {
    case 'succeeded':
      return `${action.name} succeeded`;
    case 'failed':
      return `${action.name} failed: ${outcome.message}`;
    case 'timed-out':
      return `${action.name} timed out: the step has ${timeoutSeconds} seconds`;
    case 'reboot':
      return `${action.name} asks for a reboot`;
  }
}
