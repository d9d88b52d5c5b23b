import { describe, expect, it } from 'vitest';
import type { StepResult } from '../documents/index.ts';
import { countStatuses, writeReplyPayload } from './reply-payload.ts';

const step: StepResult = {
  name: 'PatchLinux',
  action: 'aws:runShellScript',
  status: 'Failed',
  code: 3,
  standardOutput: 'out',
  standardError: 'err',
  startedAt: '2026-11-22T10:00:00.000Z',
  endedAt: '2026-11-22T10:00:01.000Z',
};

function write(steps: readonly StepResult[]): string {
  const content = { documentStatus: 'Failed', trace: 'why', steps, counts: countStatuses(steps) };
  return writeReplyPayload(content, '1.2.3', new Date('2026-11-22T10:00:02.000Z'));
}

describe('the payload of a reply', () => {
  it("has the form of Amazon's agent", () => {
    expect(JSON.parse(write([step]))).toMatchObject({
      additionalInfo: { agent: { name: 'patchbay-agent', ver: '1.2.3' }, runtimeStatusCounts: { Failed: 1 } },
      documentStatus: 'Failed',
      documentTraceOutput: 'why',
      runtimeStatus: {
        PatchLinux: {
          status: 'Failed',
          code: 3,
          name: 'aws:runShellScript',
          standardOutput: 'out',
          standardError: 'err',
          startDateTime: '2026-11-22T10:00:00.000Z',
        },
      },
    });
  });

  it.each([
    ['newlines', '\n'],
    ['control characters', '\u0001'],
    ['long characters', '\u{20AC}'],
  ])('fits into what the control plane takes, full of %s', (_case, character) => {
    const standardOutput = character.repeat(100_000);
    const text = write([{ ...step, standardOutput, standardError: standardOutput }]);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(250_000);
    expect(JSON.parse(text).runtimeStatus.PatchLinux.standardOutput).toMatch(/shortened/);
  });
});
