import type { ComponentRunResult } from '../run-component-phase.ts';
import type { ComponentLine } from '../step-log.ts';

/** One step for a summary. Inputs are left out: they can hold what nobody shall read. */
export interface StepSummary {
  readonly phase: string;
  readonly step: string;
  readonly status: string;
  readonly attempts: number;
  readonly seconds: number;
  readonly failureMessage: string | null;
}

export function summarizeSteps({ phases, times }: ComponentRunResult): StepSummary[] {
  return phases.flatMap(({ name: phase, steps }) =>
    steps.map(({ step, status, attempts, failureMessage }) => {
      const time = times.find((each) => each.phase === phase && each.step === step);
      const milliseconds = time === undefined ? 0 : time.endedAt.getTime() - time.startedAt.getTime();
      return { phase, step, status, attempts, seconds: milliseconds / 1000, failureMessage };
    }),
  );
}

/** What a program prints may hold sequences that make a terminal do things. */
function showText(text: string): string {
  // oxlint-disable-next-line eslint/no-control-regex -- these are what is meant
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\uFFFD');
}

export function describeLine({ at, phase, step, stream, text }: ComponentLine): string {
  const mark = { info: '--', stdout: 'Stdout:', stderr: 'Stderr:' }[stream];
  return `${at.toISOString().slice(0, 19).replace('T', ' ')} ${phase}/${step} ${mark} ${showText(text)}`;
}

/** How a run ended: a line for each step, then one for all. */
export function describeResult(result: ComponentRunResult): string[] {
  const steps = summarizeSteps(result);
  const width = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => text.length));
  const name = ({ phase, step }: StepSummary) => `${phase}/${step}`;
  const nameWidth = width(steps.map(name));
  const statusWidth = width(steps.map(({ status }) => status));
  const lines = steps.map((each) => {
    const attempts = each.attempts > 1 ? `  ${each.attempts} attempts` : '';
    const reason = each.failureMessage === null ? '' : `  ${showText(each.failureMessage)}`;
    return `${name(each).padEnd(nameWidth)}  ${each.status.padEnd(statusWidth)}  ${each.seconds.toFixed(1)} s${attempts}${reason}`;
  });
  const count = (status: string) => steps.filter((each) => each.status === status).length;
  const words = [
    `${count('Success')} succeeded`,
    `${count('Failed')} failed`,
    `${count('IgnoredFailure')} failed and ignored`,
    `${count('Skipped')} skipped`,
  ];
  return [...lines, `${result.status}: ${words.join(', ')}.`];
}
