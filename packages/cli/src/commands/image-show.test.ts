import { describe, expect, it } from 'vitest';
import { describeImage } from './image-list.ts';
import { describeFreshness } from './image-show.ts';

const image = {
  imageBuildVersionArn: 'arn:aws:imagebuilder:us-east-1:111122223333:image/web/1.0.0/3',
  imageId: 'img-1',
  name: 'web',
  version: '1.0.0/3',
  osVersion: null,
  builtAt: null,
  freshness: 'stale' as const,
  why: '1 approved patch is missing: openssl 1 → 2.',
  missingCount: 1,
  since: '2026-11-20T12:00:00.000Z',
  evaluatedAt: '2026-11-21T12:00:00.000Z',
  validUntil: null,
  patchGroup: '',
  baselineId: 'pb-1',
  baselineRevision: 2,
  isWatched: true,
  offersAsOf: '2026-11-21T11:00:00.000Z',
};

describe('an image on the command line', () => {
  it('says in its first words how fresh it is, since when and why', () => {
    expect(describeImage(image)).toEqual([
      'stale    web 1.0.0/3  since 2026-11-20T12:00:00.000Z',
      '  1 approved patch is missing: openssl 1 → 2.',
      '  arn:aws:imagebuilder:us-east-1:111122223333:image/web/1.0.0/3',
    ]);
    expect(describeImage({ ...image, freshness: 'unknown', since: null })[0]).toBe(
      'unknown  web 1.0.0/3  not judged yet',
    );
  });

  it('shows its history, its nodes and their drift package by package', () => {
    const patch = { name: 'openssl', architecture: 'amd64', state: 'missing' as const };
    const history = [
      {
        at: '2026-11-20T12:00:00.000Z',
        from: 'current' as const,
        to: 'stale' as const,
        why: image.why,
        patches: [{ ...patch, installedVersion: '1', targetVersion: '2' }],
      },
      { at: '2026-11-19T12:00:00.000Z', from: null, to: 'current' as const, why: 'Nothing is missing.', patches: [] },
    ];
    const node = {
      instanceId: 'mi-1',
      name: null,
      reportedAt: '2026-11-21T12:00:00.000Z',
      isDrifted: true,
      differences: [
        {
          name: 'nginx',
          architecture: 'amd64',
          change: 'added' as const,
          imageVersion: null,
          nodeVersion: '1.22',
        },
      ],
    };
    const answer = { image, counts: null, unknownReasons: [], faults: [], others: [], history };
    expect(describeFreshness(answer, [node]).slice(3)).toEqual([
      '  patch group none, baseline pb-1 revision 2',
      '  judged 2026-11-21T12:00:00.000Z by its watched archives as of 2026-11-21T11:00:00.000Z, valid until archives or baseline change',
      'history:',
      '  2026-11-20T12:00:00.000Z  current → stale: 1 approved patch is missing: openssl 1 → 2.',
      '  2026-11-19T12:00:00.000Z  current: Nothing is missing.',
      'nodes:',
      '  mi-1  -  drifted in 1 package, reported 2026-11-21T12:00:00.000Z',
      '    added nginx.amd64: - → 1.22',
    ]);
    expect(describeFreshness(answer, []).at(-1)).toBe('No node runs from it.');
  });
});
