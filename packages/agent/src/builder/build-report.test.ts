import { ReportImageBuild } from '@patchbay/contracts';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { z } from 'zod';
import { ServerError, UnreachableError } from '../client/index.ts';
import { createTestTimers } from '../test-support/test-timers.ts';
import { type BuildReportParts, type LineSource, openBuildReport } from './build-report.ts';

type Report = z.output<typeof ReportImageBuild.input>;

/** A report to a control plane that keeps lines as the real one does: each number once. */
function openStage(answer: (report: Report, count: number) => { isCancelled?: boolean } = () => ({})) {
  const timers = createTestTimers();
  const reports: Report[] = [];
  const kept = new Map<number, string>();
  const logged: string[] = [];
  const client: BuildReportParts['client'] = {
    callPatchbay: async (contract, input) => {
      // What the real one refuses fails here, too.
      const report = ReportImageBuild.input.parse(input);
      reports.push(report);
      const keep = () => {
        for (const [index, { text }] of report.lines.entries()) {
          const number = report.firstLine + index;
          if (!kept.has(number)) kept.set(number, text);
        }
      };
      try {
        const { isCancelled = false } = answer(report, reports.length);
        keep();
        return contract.output.parse({ isCancelled, leaseSeconds: 90 });
      } catch (error) {
        if (error instanceof UnreachableError && error.code === 'NO_ANSWER') keep();
        throw error;
      }
    },
  };
  const report = openBuildReport({
    client,
    lease: { imageId: 'image', leaseId: 'lease' },
    log: ({ message }) => logged.push(message),
    timers,
  });
  onTestFinished(() => report.close(0));
  const told = () => [...kept].sort(([left], [right]) => left - right).map(([, text]) => text);
  return { report, reports, timers, logged, told };
}

const lost = () => new UnreachableError('NO_ANSWER', 'no answer');
const away = () => new UnreachableError('NOT_CONNECTED', 'refused');

describe('a report of a build', () => {
  it('tells every line once and in order, a thousand at a time', async () => {
    const { report, reports, told } = openStage();
    const lines = Array.from({ length: 2_345 }, (_, index) => `line ${index}`);
    report.begin('ObtainParentImage');
    for (const line of lines) report.say(line);
    await report.close(1);
    expect(told()).toEqual(lines);
    expect(Math.max(...reports.map((each) => each.lines.length))).toBe(1_000);
    expect(reports.flatMap((each) => each.lines).every(({ step }) => step === 'ObtainParentImage')).toBe(true);
  });

  it('tells every line once when answers are lost', async () => {
    const { report, told } = openStage((_report, count) => {
      if (count % 2 === 1) throw lost();
      return {};
    });
    for (const round of [1, 2, 3]) {
      report.say(`${round} a\n${round} b`);
      await vi.waitFor(() => expect(told()).toContain(`${round} b`));
    }
    await report.close(1);
    expect(told()).toEqual(['1 a', '1 b', '2 a', '2 b', '3 a', '3 b']);
  });

  it('keeps what it has to tell while the control plane is away, and says once that it is', async () => {
    let isAway = true;
    const { report, reports, logged, told } = openStage(() => {
      if (isAway) throw away();
      return {};
    });
    report.begin('ObtainParentImage');
    report.say('first');
    await vi.waitFor(() => expect(reports.length).toBeGreaterThan(3));
    expect(report.signal.aborted).toBe(false);
    isAway = false;
    report.say('second');
    await report.close(1);
    expect(told()).toEqual(['first', 'second']);
    expect(reports.at(-1)?.steps.find(({ name }) => name === 'ObtainParentImage')?.status).toBe('RUNNING');
    expect(logged).toEqual([
      expect.stringContaining('cannot be told of the build'),
      'The control plane can be told of the build again.',
    ]);
  });

  it('pauses where it cannot be told, however much there is to tell', async () => {
    const { report, reports, timers } = openStage(() => {
      throw new ServerError('ValidationException', 'bad', 400);
    });
    report.say(Array.from({ length: 5_000 }, String).join('\n'));
    await vi.waitFor(() => expect(reports.length).toBeGreaterThan(2));
    expect(timers.slept.length).toBeGreaterThanOrEqual(reports.length - 1);
    expect(report.signal.aborted).toBe(false);
  });

  it('keeps the lease while there is nothing to tell', async () => {
    const { report, reports, timers } = openStage();
    await vi.waitFor(() => expect(reports).toHaveLength(1));
    timers.set('2026-11-22T10:00:05.000Z');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(reports).toHaveLength(1);
    timers.set('2026-11-22T10:00:06.000Z');
    await vi.waitFor(() => expect(reports).toHaveLength(2));
    expect(reports[1]).toMatchObject({ steps: [], lines: [] });
    await report.close(1);
  });

  it('ends a build that is cancelled', async () => {
    const { report } = openStage(() => ({ isCancelled: true }));
    await vi.waitFor(() => expect(report.signal.aborted).toBe(true));
    expect(report.signal.reason).toMatchObject({ code: 'CANCELLED' });
  });

  it.each([
    ['InvalidResourceId', 400],
    ['AccessDeniedException', 400],
  ])('ends a build that is not its builder’s any more (%s), which is no cancellation', async (code, statusCode) => {
    const { report, reports } = openStage(() => {
      throw new ServerError(code, 'stop it', statusCode);
    });
    await vi.waitFor(() => expect(report.signal.aborted).toBe(true));
    expect(report.signal.reason).toMatchObject({ code: 'LEASE_LOST', message: expect.stringContaining('stop it') });
    report.say('more');
    await report.close(1);
    expect(reports).toHaveLength(1);
  });

  it('says nothing that the control plane would refuse', async () => {
    const { report, reports, told } = openStage();
    const long: LineSource = {
      component: 'c'.repeat(300),
      phase: 'p'.repeat(300),
      componentStep: 's'.repeat(300),
      stream: 'stdout',
    };
    report.say('nul \0, half \ud83d', long);
    report.say(`${'x'.repeat(4_095)}😀`);
    report.say('https://user:password@host.example/');
    report.begin('ObtainParentImage');
    report.end('ObtainParentImage', 'FAILED', `\0${'😀'.repeat(3_000)}`);
    await report.close(1);
    expect(told()).toEqual(['nul \ufffd, half \ufffd', `${'x'.repeat(4_095)}\ufffd`, 'https://***@host.example/']);
    const texts = reports.flatMap(({ steps, lines }) => [
      ...steps.map(({ message }) => message),
      ...lines.flatMap(({ text, componentStep }) => [text, componentStep]),
    ]);
    expect(texts.filter((text) => text.includes('\0') || !text.isWellFormed())).toEqual([]);
  });

  it('is never larger than a request may be', async () => {
    const { report, reports, told } = openStage();
    // Six bytes of JSON each.
    const line = '\u0001'.repeat(4_096);
    for (let count = 0; count < 1_500; count += 1) report.say(line);
    await report.close(1);
    expect(told()).toHaveLength(1_500);
    expect(Math.max(...reports.map((each) => JSON.stringify(each).length))).toBeLessThan(5 * 1024 * 1024);
  });

  it('keeps no more than fits while the control plane is away, and counts the rest', async () => {
    let isAway = true;
    const { report, told } = openStage(() => {
      if (isAway) throw away();
      return {};
    });
    const line = 'x'.repeat(4_096);
    for (let count = 0; count < 10_000; count += 1) report.say(line);
    isAway = false;
    await report.close(1);
    expect(told().slice(0, -1)).toHaveLength(4_096);
    expect(told().at(-1)).toMatch(/^5904 lines were dropped/);
  });

  it('ends the step that runs, and only that', async () => {
    const { report, reports } = openStage();
    report.begin('ObtainParentImage');
    report.end('ObtainParentImage', 'COMPLETED', '');
    expect(report.endRunning('FAILED', 'why')).toBe('ObtainParentImage');
    report.begin('ApplyBuildComponents');
    expect(report.endRunning('FAILED', 'why')).toBe('ApplyBuildComponents');
    await report.close(1);
    expect(
      reports
        .at(-1)
        ?.steps.slice(0, 3)
        .map(({ status, message }) => [status, message]),
    ).toEqual([
      ['COMPLETED', ''],
      ['FAILED', 'why'],
      ['PENDING', ''],
    ]);
  });
});
