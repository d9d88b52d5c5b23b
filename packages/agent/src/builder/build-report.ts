import {
  type ImageBuildLease,
  type ImageBuildLine,
  type ImageBuildStep,
  type ImageBuildStepName,
  imageBuildSteps,
  ReportImageBuild,
} from '@patchbay/contracts';
import { redactCredentials } from '@patchbay/facts';
import { type ControlPlaneClient, ServerError } from '../client/index.ts';
import { describeError, type Log } from '../log.ts';
import type { Timers } from '../timers.ts';
import { BuilderError } from './builder-error.ts';

/** Where a line came from, beside the step of the build. */
export interface LineSource {
  readonly component: string;
  readonly phase: string;
  readonly componentStep: string;
  readonly stream: ImageBuildLine['stream'];
}

/** What a build tells while it runs. */
export interface BuildReport {
  /** Aborted with a BuilderError when the build is cancelled, or is not ours any more. */
  readonly signal: AbortSignal;
  begin(step: ImageBuildStepName): void;
  end(step: ImageBuildStepName, status: 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'SKIPPED', message: string): void;
  /** Ends the step that began last, where it has not ended; answers which one that is. */
  endRunning(status: 'FAILED' | 'CANCELLED', message: string): ImageBuildStepName;
  /** One line or several; of the step that began last. */
  say(text: string, source?: LineSource): void;
  /** Tells the rest, and no more after it. */
  close(): Promise<void>;
}

export interface BuildReportParts {
  readonly client: Pick<ControlPlaneClient, 'callPatchbay'>;
  readonly lease: ImageBuildLease;
  readonly log: Log;
  readonly timers: Timers;
}

const ownSource: LineSource = { component: '', phase: '', componentStep: '', stream: 'info' };
const intervalMilliseconds = 2_000;
/** A report without news still keeps the lease. */
const heartbeatMilliseconds = 20_000;
const mostLinesAtOnce = 1_000;
const mostLineCharacters = 4_096;
/** Kept while the control plane is away; what comes beyond is counted. */
const mostWaitingLines = 50_000;

/** What any program may print and no control plane stores: NUL, and half of a surrogate pair, as a cut leaves it. */
export function tellable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

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
  let droppedLines = 0;
  let areStepsNew = true;
  let isAway = false;

  /** Answers whether there is more that can be told. */
  const send = async (patienceSeconds: number): Promise<boolean> => {
    const lines = waiting.slice(0, mostLinesAtOnce);
    const told = areStepsNew ? [...steps.values()] : [];
    areStepsNew = false;
    const input = { ...lease, steps: told, firstLine: sentLines, lines };
    try {
      const { isCancelled } = await client.callPatchbay(ReportImageBuild, input, { patienceSeconds });
      if (isAway) log({ level: 'info', message: 'The control plane can be told of the build again.' });
      isAway = false;
      sentLines += lines.length;
      waiting.splice(0, lines.length);
      if (isCancelled && !stopping.signal.aborted) stopping.abort(new BuilderError('CANCELLED', 'It was cancelled'));
      return waiting.length > 0;
    } catch (error) {
      areStepsNew ||= told.length > 0;
      if (error instanceof ServerError && error.statusCode >= 400 && error.statusCode < 500) {
        stopping.abort(new BuilderError('CANCELLED', `The build is not this builder's any more: ${error.message}`));
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
      if (waiting.length > 0 || areStepsNew || now - lastSentAt >= heartbeatMilliseconds) {
        lastSentAt = now;
        await send(10);
      }
      if (waiting.length < mostLinesAtOnce) await timers.sleep(intervalMilliseconds, closing.signal);
    }
  };
  const working = work();

  const change = (name: ImageBuildStepName, change: Partial<ImageBuildStep>) => {
    const step = steps.get(name);
    if (step !== undefined) steps.set(name, { ...step, ...change });
    areStepsNew = true;
  };
  const say = (text: string, source: LineSource = ownSource) => {
    const at = timers.now().toISOString();
    for (const line of redactCredentials(text).replace(/\n+$/, '').split('\n')) {
      if (waiting.length >= mostWaitingLines) {
        droppedLines += 1;
        continue;
      }
      waiting.push({ at, step: current, ...source, text: tellable(line.slice(0, mostLineCharacters)) });
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
        message: tellable(redactCredentials(message).slice(0, 4_096)),
        endedAt: timers.now().toISOString(),
      });
    },
    endRunning(status, message) {
      if (steps.get(current)?.status === 'RUNNING') this.end(current, status, message);
      return current;
    },
    say,
    async close() {
      closing.abort();
      await working;
      if (droppedLines > 0) say(`${droppedLines} lines were dropped while the control plane was away`);
      while (!stopping.signal.aborted && (await send(60)));
    },
  };
}
