import type { InnerState, VerdictItem } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { findFreshness } from './describe-freshness.ts';

function item(name: string, state: InnerState, targetVersion: string | null = null): VerdictItem {
  const offered = targetVersion === null ? [] : [{ version: targetVersion, archives: [], security: true }];
  return {
    name,
    architecture: 'amd64',
    installedVersion: '1',
    state,
    installedState: 'installed',
    targetVersion,
    reason: '',
    complianceLevel: 'CRITICAL',
    classification: '',
    section: '',
    priority: '',
    evidence: { candidate: targetVersion, offered, approvedBy: null, clock: null, notes: [] },
  };
}

function find(status: 'compliant' | 'non-compliant', ...items: VerdictItem[]) {
  const { freshness, why } = findFreshness({ status, unknownReasons: [], items });
  return `${freshness}: ${why}`;
}

describe('what is said of an image', () => {
  it.each<[string, string]>([
    [find('compliant', item('a', 'installed')), 'current: No approved patch is missing.'],
    [
      find('compliant', item('a', 'installed'), item('b', 'waiting', '2')),
      'current: No approved patch is missing. 1 patch waits for approval.',
    ],
    [find('non-compliant', item('a', 'missing', '2')), 'stale: 1 approved patch is missing: a 1 → 2.'],
    [
      find(
        'non-compliant',
        ...['a', 'b', 'c', 'd', 'e'].map((name) => item(name, 'missing', '2')),
        item('f', 'installed-rejected'),
      ),
      'stale: 5 approved patches are missing: a 1 → 2, b 1 → 2, c 1 → 2 and 2 more. 1 package is not as its baseline wants it: f (installed-rejected).',
    ],
  ])('is %s', (found, expected) => {
    expect(found).toBe(expected);
  });

  it('is never current under a doubt, and what is known to be missing is named all the same', () => {
    const unknownReasons = [{ code: 'archive' as const, message: 'Archive a is not watched', archive: 'a' }];
    const items = [item('a', 'missing', '2'), item('patchbay-unknown', 'unknown')];
    expect(findFreshness({ status: 'unknown', unknownReasons, items })).toMatchObject({
      freshness: 'unknown',
      why: 'Archive a is not watched.',
      faults: [{ name: 'a' }],
      others: [],
    });
  });
});
