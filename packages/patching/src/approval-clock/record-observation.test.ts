import type { ArchiveObservation, Offer } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import {
  archive,
  installedPackage,
  MAIN,
  mainKey,
  offer,
  offeredVersion,
  SECURITY,
  securityKey,
} from '../evaluation/sample-machine.ts';
import { type CoverageRecord, type ObservationOutcome, recordObservation } from './record-observation.ts';
import type { FirstSeenRecord } from './release-date.ts';

const receivedAt = new Date('2026-11-20T12:00:00.000Z');
const bash = installedPackage('bash', '1');

function observe(given: {
  coverage?: CoverageRecord[];
  releases?: FirstSeenRecord[];
  offers?: Offer[];
  archives?: ArchiveObservation[];
  at?: Date;
}): ObservationOutcome {
  return recordObservation({
    knownCoverage: given.coverage ?? [],
    knownReleases: given.releases ?? [],
    installed: [bash],
    offers: {
      archives: given.archives ?? [archive(MAIN), archive(SECURITY)],
      offers: given.offers ?? [offer('bash', [offeredVersion('bash', '2', [SECURITY])])],
    },
    receivedAt: given.at ?? receivedAt,
  });
}

function covered(lastObservedAt: string): CoverageRecord[] {
  return [{ archiveKey: securityKey, source: 'bash', lastObservedAt }];
}

describe('recordObservation', () => {
  it('cannot date what is there at the first look', () => {
    expect(observe({}).firstSeen).toEqual([
      {
        archiveKey: securityKey,
        source: 'bash',
        sourceVersion: '2',
        rung: 'undated',
        firstSeenAt: '2026-11-20T12:00:00.000Z',
      },
    ]);
  });

  it.each([
    ['2026-11-20T00:00:00.000Z', 'first-seen'],
    ['2026-11-18T12:00:00.000Z', 'first-seen'],
    ['2026-11-18T11:59:59.999Z', 'undated'],
    ['2026-10-01T00:00:00.000Z', 'undated'],
  ])('after a look at %s takes a new version as %s', (lastObservedAt, rung) => {
    expect(observe({ coverage: covered(lastObservedAt) }).firstSeen).toMatchObject([{ sourceVersion: '2', rung }]);
  });

  it('says nothing again about a version already known', () => {
    const [known] = observe({}).firstSeen;
    expect(known).toBeDefined();
    const releases = known === undefined ? [] : [known];
    expect(observe({ coverage: covered('2026-11-20T00:00:00.000Z'), releases }).firstSeen).toEqual([]);
  });

  it('covers every installed source in every current archive, whether it offers something or not', () => {
    expect(observe({ offers: [] }).coverage).toEqual([
      { archiveKey: mainKey, source: 'bash', lastObservedAt: '2026-11-20T12:00:00.000Z' },
      { archiveKey: securityKey, source: 'bash', lastObservedAt: '2026-11-20T12:00:00.000Z' },
    ]);
  });

  it('lets a first installed package be undated though others watch the archive', () => {
    const coverage = [{ archiveKey: securityKey, source: 'zsh', lastObservedAt: '2026-11-20T00:00:00.000Z' }];
    expect(observe({ coverage }).firstSeen).toMatchObject([{ source: 'bash', rung: 'undated' }]);
  });

  it('learns nothing from an archive that is not current', () => {
    const outcome = observe({ archives: [archive(MAIN), archive(SECURITY, 'expired')] });
    expect(outcome.firstSeen).toEqual([]);
    expect(outcome.coverage.map(({ archiveKey }) => archiveKey)).toEqual([mainKey]);
  });

  it('never moves coverage backwards', () => {
    const outcome = observe({ coverage: covered('2026-11-20T13:00:00.000Z') });
    expect(outcome.coverage.find(({ archiveKey }) => archiveKey === securityKey)?.lastObservedAt).toBe(
      '2026-11-20T13:00:00.000Z',
    );
  });

  it('takes an older version than one already known for no arrival', () => {
    const releases: FirstSeenRecord[] = [
      {
        archiveKey: securityKey,
        source: 'bash',
        sourceVersion: '3',
        rung: 'first-seen',
        firstSeenAt: '2026-11-01T00:00:00Z',
      },
    ];
    const outcome = observe({ coverage: covered('2026-11-20T00:00:00.000Z'), releases });
    expect(outcome.firstSeen).toMatchObject([{ sourceVersion: '2', rung: 'undated' }]);
  });

  it('dates a growing archive rung by rung', () => {
    const first = observe({});
    const offers = [offer('bash', [offeredVersion('bash', '3', [SECURITY])])];
    const second = observe({
      coverage: first.coverage,
      releases: first.firstSeen,
      offers,
      at: new Date('2026-11-21T00:00:00.000Z'),
    });
    expect(second.firstSeen).toMatchObject([
      { sourceVersion: '3', rung: 'first-seen', firstSeenAt: '2026-11-21T00:00:00.000Z' },
    ]);
  });
});
