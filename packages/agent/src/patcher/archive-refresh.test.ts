import type { ArchiveObservation } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { judgeArchive, type RefreshRecord } from './archive-refresh.ts';

const address = { uri: 'http://archive.test/debian', suite: 'bookworm', component: 'main', architecture: 'amd64' };
const archive: ArchiveObservation = { address, status: 'current', reason: null, release: null, indexDigest: null };
const record: RefreshRecord = {
  refreshedAt: '2026-11-20T12:00:00.000Z',
  outcome: { seen: [{ uri: address.uri, suite: address.suite }], problems: [], warnings: [] },
  failure: null,
};
const judgeAt = (now: string, refreshed: RefreshRecord) =>
  judgeArchive(archive, refreshed, { now: new Date(now), checksValidUntil: true });

describe('judgeArchive', () => {
  it('takes an archive as current for two days after it was refreshed, and no longer', () => {
    expect(judgeAt('2026-11-22T12:00:00.000Z', record)).toEqual(archive);
    expect(judgeAt('2026-11-22T12:00:00.001Z', record)).toMatchObject({
      status: 'expired',
      reason: expect.stringContaining('2026-11-20T12:00:00.000Z'),
    });
  });

  it('says of an archive what the refresh said, however long ago', () => {
    const failed = { ...record, outcome: null, failure: 'no network' };
    expect(judgeAt('2026-11-30T12:00:00.000Z', failed)).toMatchObject({
      status: 'unreachable',
      reason: 'the refresh failed: no network',
    });
  });
});
