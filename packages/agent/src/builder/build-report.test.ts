import { type ReportImageBuild } from '@patchbay/contracts';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { openBuildReport } from './build-report.ts';

type Report = z.input<typeof ReportImageBuild.input>;

/** A control plane that keeps what it is told. */
function openReport() {
  const told: Report[] = [];
  const report = openBuildReport({
    client: {
      callPatchbay: async (_contract, input) => {
        told.push(input as Report);
        return { isCancelled: false, leaseSeconds: 90 } as never;
      },
    },
    lease: { imageId: 'img-1', leaseId: 'lease-1' },
    log: () => {},
    timers: {
      now: () => new Date('2026-11-20T12:00:00.000Z'),
      random: () => 0,
      sleep: async (_milliseconds, signal) => {
        if (!signal?.aborted) await new Promise((resolve) => signal?.addEventListener('abort', resolve));
      },
    },
  });
  return { report, told, textsOf: () => told.flatMap(({ lines }) => lines.map(({ text }) => text)) };
}

describe('the report of a build', () => {
  it('tells nothing that a control plane would refuse, whatever programs print', async () => {
    const { report, told, textsOf } = openReport();
    report.begin('ObtainParentImage');
    report.say(`a\0b\n${'x'.repeat(4_095)}😀`);
    report.end('ObtainParentImage', 'FAILED', `${'y'.repeat(4_095)}😀`);
    await report.close();
    expect(textsOf()).toEqual(['a\ufffdb', `${'x'.repeat(4_095)}\ufffd`]);
    const messages = told.flatMap(({ steps }) => steps.map(({ message }) => message));
    expect(messages.every((message) => message.isWellFormed())).toBe(true);
  });
});
