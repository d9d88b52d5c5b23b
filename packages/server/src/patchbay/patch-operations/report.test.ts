import type { GroupOutcome, Verdict } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { describeVerdict } from './report.ts';

const verdict: Verdict = {
  status: 'non-compliant',
  unknownReasons: [],
  items: [],
  baselineId: 'pb-1',
  baselineRevision: 3,
  evaluatorVersion: 1,
  evaluatedAt: '2026-11-22T00:00:00.000Z',
  validUntil: null,
};

function outcome(name: string, status: GroupOutcome['status'], reason: string): GroupOutcome {
  return { targets: [{ name, architecture: 'amd64', version: '2' }], status, reason };
}

describe('the report of an operation', () => {
  it('begins with the baseline and the verdict', () => {
    const lines = describeVerdict(verdict, 'web', []);
    expect(lines[0]).toBe('Baseline: web (pb-1, revision 3)');
    expect(lines[1]).toContain('NON_COMPLIANT');
  });

  it('tells a cause once, with all that it kept out', () => {
    const lines = describeVerdict(verdict, 'web', [
      outcome('a', 'failed', 'the disk is full'),
      outcome('b', 'installed', ''),
      outcome('c', 'failed', 'the disk is full'),
      outcome('d', 'skipped', 'cancelled'),
    ]);
    expect(lines.filter((line) => line.startsWith('Not installed'))).toEqual([
      'Not installed: a, c: failed: the disk is full',
      'Not installed: d: skipped: cancelled',
    ]);
  });
});
