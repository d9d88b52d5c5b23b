import {
  type ImageBuildLease,
  type ImageBuildLine,
  type ImageBuildStep,
  type ImageBuildStepName,
  imageBuildSteps,
  ReportImageBuild,
} from '@patchbay/contracts';
import { type ControlPlaneClient, isAuthenticationError, ServerError } from '../client/index.ts';
import { describeError, type Log } from '../log.ts';
import type { Timers } from '../timers.ts';
import { BuilderError } from './builder-error.ts';
import { firstCharacters, reportableText } from './report-text.ts';

/** Where a line came from, beside the step of the build. */
export interface LineSource {
  readonly component: string;
  readonly phase: string;
  readonly componentStep: string;
  readonly stream: ImageBuildLine['stream'];
}

/** What a build tells while it runs. */
export interface BuildReport {
  /** Aborted with a BuilderError, CANCELLED when the build is cancelled and LEASE_LOST when it is not ours any more. */
  readonly signal: AbortSignal;
  begin(step: ImageBuildStepName): void;
  end(step: ImageBuildStepName, status: 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'SKIPPED', message: string): void;
  /** Ends the step that began last, where it has not ended; answers which one that is. */
  endRunning(status: 'FAILED' | 'CANCELLED', message: string): ImageBuildStepName;
  /** One line or several; of the step that began last. */
  say(text: string, source?: LineSource): void;
  /** Tells the rest, and no more after it. A control plane that is away is waited for so long. */
  close(patienceSeconds: number): Promise<void>;
}

export interface BuildReportParts {
  readonly client: Pick<ControlPlaneClient, 'callPatchbay'>;
  readonly lease: ImageBuildLease;
  readonly log: Log;
  readonly timers: Timers;
}

const ownSource: LineSource = { component: '', phase: '', componentStep: '', stream: 'info' };
const intervalMilliseconds = 2_000;
/** A report without news still keeps the lease, and hears whether the build was cancelled. */
const heartbeatMilliseconds = 6_000;
const mostLinesAtOnce = 1_000;
/** Of the lines of one report as JSON: the control plane takes requests of 8 MiB. */
const mostBytesAtOnce = 4 * 1024 * 1024;
const mostLineCharacters = 4_096;
/** Kept while the control plane is away; what comes beyond is counted. */
const mostWaitingLines = 50_000;
const mostWaitingCharacters = 16 * 1024 * 1024;
/** As the contract allows for names. */
const mostNameCharacters = 256;
const mostPhaseCharacters = 128;
/** AWS's name for what the control plane says when it has given the build to somebody else, or ended it. */
const leaseLostCode = 'InvalidResourceId';

/** Tells the control plane every two seconds what is new, and keeps the lease by it. */
export function openBuildReport({ client, lease, log, timers }: BuildReportParts): BuildReport {
  const stopping = new AbortController();
  const closing = new AbortController();
  const steps = new Map<ImageBuildStepName, ImageBuildStep>(
    imageBuildSteps.map(({ name }) => [name, { name, status: 'PENDING', message: '', startedAt: null, endedAt: null }]),
  );
  const waiting: ImageBuildLine[] = [];
  let current: ImageBuildStepName = imageBuildSteps[0].name;
  let sentLines = 0;
  let waitingCharacters = 0;
  let droppedLines = 0;
  let areStepsNew = true;
  let isAway = false;

  /** Answers whether there is more that can be told. */
  const send = async (patienceSeconds: number): Promise<boolean> => {
    const lines = takeBatch(waiting);
    const told = areStepsNew ? [...steps.values()] : [];
    areStepsNew = false;
    const input = { ...lease, steps: told, firstLine: sentLines, lines };
    try {
      const { isCancelled } = await client.callPatchbay(ReportImageBuild, input, { patienceSeconds });
      if (isAway) log({ level: 'info', message: 'The control plane can be told of the build again.' });
      isAway = false;
      sentLines += lines.length;
      for (const { text } of waiting.splice(0, lines.length)) waitingCharacters -= text.length;
      if (isCancelled && !stopping.signal.aborted) stopping.abort(new BuilderError('CANCELLED', 'It was cancelled'));
      return waiting.length > 0;
    } catch (error) {
      areStepsNew ||= told.length > 0;
      const isLost = error instanceof ServerError && error.code === leaseLostCode;
      if (isLost || isAuthenticationError(error)) {
        const why = describeError(error);
        stopping.abort(new BuilderError('LEASE_LOST', `The build is not this builder's any more: ${why}`));
        return false;
      }
      if (!isAway) {
        log({ level: 'warning', message: `The control plane cannot be told of the build: ${describeError(error)}` });
      }
      isAway = true;
      return false;
    }
  };

  const work = async (): Promise<void> => {
    let lastSentAt = 0;
    while (!closing.signal.aborted && !stopping.signal.aborted) {
      const now = timers.now().getTime();
      let isMore = false;
      if (waiting.length > 0 || areStepsNew || now - lastSentAt >= heartbeatMilliseconds) {
        lastSentAt = now;
        isMore = await send(10);
      }
      // Never without a pause where it cannot be told.
      if (!isMore || waiting.length < mostLinesAtOnce) await timers.sleep(intervalMilliseconds, closing.signal);
    }
  };
  const working = work();

  const change = (name: ImageBuildStepName, change: Partial<ImageBuildStep>) => {
    const step = steps.get(name);
    if (step !== undefined) steps.set(name, { ...step, ...change });
    areStepsNew = true;
  };
  const keep = (text: string, source: LineSource) => {
    waiting.push({
      at: timers.now().toISOString(),
      step: current,
      component: firstCharacters(source.component, mostNameCharacters),
      phase: firstCharacters(source.phase, mostPhaseCharacters),
      componentStep: firstCharacters(source.componentStep, mostNameCharacters),
      stream: source.stream,
      text,
    });
    waitingCharacters += text.length;
  };
  const say = (text: string, source: LineSource = ownSource) => {
    for (const line of reportableText(text).replace(/\n+$/, '').split('\n')) {
      if (waiting.length >= mostWaitingLines || waitingCharacters >= mostWaitingCharacters) droppedLines += 1;
      else keep(line.slice(0, mostLineCharacters).toWellFormed(), source);
    }
  };
  return {
    signal: stopping.signal,
    begin(step) {
      current = step;
      change(step, { status: 'RUNNING', startedAt: timers.now().toISOString() });
    },
    end(step, status, message) {
      change(step, {
        status,
        message: firstCharacters(message, 4_096),
        endedAt: timers.now().toISOString(),
      });
    },
    endRunning(status, message) {
      if (steps.get(current)?.status === 'RUNNING') this.end(current, status, message);
      return current;
    },
    say,
    async close(patienceSeconds) {
      closing.abort();
      await working;
      if (droppedLines > 0)
        keep(`${droppedLines} lines were dropped: they came faster than they could be told`, ownSource);
      while (!stopping.signal.aborted && (await send(patienceSeconds)));
    },
  };
}

/** The first lines, as many as one report may have. */
function takeBatch(waiting: readonly ImageBuildLine[]): ImageBuildLine[] {
  let room = mostBytesAtOnce;
  const first = waiting.slice(0, mostLinesAtOnce);
  const tooMany = first.findIndex((line) => (room -= Buffer.byteLength(JSON.stringify(line))) < 0);
  return tooMany === -1 ? first : first.slice(0, tooMany);
}
