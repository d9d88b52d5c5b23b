import { describe, expect, it } from 'vitest';
import {
  cancelImage,
  type ImageStatus,
  imageStatuses,
  isImageInProgress,
  mayFollowImageStatus,
  retryImage,
} from './image-states.ts';

function follow(path: readonly ImageStatus[]): boolean {
  return path.every((status, index) => index === 0 || mayFollowImageStatus(path[index - 1] ?? 'DELETED', status));
}

describe('the states of an image', () => {
  it.each<[string, readonly ImageStatus[]]>([
    [
      'is built, tested and distributed',
      ['PENDING', 'CREATING', 'BUILDING', 'TESTING', 'DISTRIBUTING', 'INTEGRATING', 'AVAILABLE'],
    ],
    ['is built without tests', ['PENDING', 'CREATING', 'BUILDING', 'DISTRIBUTING', 'AVAILABLE']],
    ['is imported', ['PENDING', 'CREATING', 'AVAILABLE']],
    ['grows old', ['AVAILABLE', 'DEPRECATED', 'DISABLED', 'DELETED']],
    ['is taken back', ['AVAILABLE', 'DISABLED', 'AVAILABLE', 'DEPRECATED', 'AVAILABLE']],
    ['is distributed again after that failed', ['DISTRIBUTING', 'FAILED', 'DISTRIBUTING', 'AVAILABLE']],
  ])('let one that %s', (_title, path) => {
    expect(follow(path)).toBe(true);
  });

  it.each<[ImageStatus, ImageStatus]>([
    ['BUILDING', 'AVAILABLE'],
    ['TESTING', 'AVAILABLE'],
    ['PENDING', 'AVAILABLE'],
    ['PENDING', 'DISTRIBUTING'],
    ['AVAILABLE', 'FAILED'],
    ['AVAILABLE', 'CANCELLED'],
    ['FAILED', 'AVAILABLE'],
    ['CANCELLED', 'BUILDING'],
    ['DELETED', 'AVAILABLE'],
    ['TESTING', 'BUILDING'],
  ])('do not lead from %s to %s', (from, to) => {
    expect(mayFollowImageStatus(from, to)).toBe(false);
  });

  it('never become available without being distributed or imported', () => {
    const before = imageStatuses.filter((status) => mayFollowImageStatus(status, 'AVAILABLE'));
    expect(before).toEqual(['CREATING', 'DISTRIBUTING', 'INTEGRATING', 'DEPRECATED', 'DISABLED']);
  });

  it('end in failure or cancellation from wherever something is done, and from nowhere else', () => {
    const inProgress = ['PENDING', 'CREATING', 'BUILDING', 'TESTING', 'DISTRIBUTING', 'INTEGRATING'];
    for (const status of imageStatuses) {
      expect(isImageInProgress(status)).toBe(inProgress.includes(status));
      expect(mayFollowImageStatus(status, 'FAILED')).toBe(inProgress.includes(status));
      expect(mayFollowImageStatus(status, 'CANCELLED')).toBe(inProgress.includes(status));
      expect(mayFollowImageStatus(status, status)).toBe(false);
    }
  });

  it('let everything be cancelled that is in progress, and nothing else', () => {
    for (const status of imageStatuses) {
      expect(cancelImage(status)).toEqual(
        isImageInProgress(status)
          ? { kind: 'move', to: 'CANCELLED' }
          : { kind: 'refuse', reason: `The image is ${status}: only an image that is being made can be cancelled.` },
      );
    }
  });

  it('let a distribution be tried again, but no build', () => {
    expect(retryImage({ status: 'FAILED', endedIn: 'DISTRIBUTING' })).toEqual({ kind: 'move', to: 'DISTRIBUTING' });
    expect(retryImage({ status: 'CANCELLED', endedIn: 'INTEGRATING' })).toEqual({ kind: 'move', to: 'DISTRIBUTING' });
    expect(retryImage({ status: 'FAILED', endedIn: 'TESTING' })).toMatchObject({
      kind: 'refuse',
      reason: expect.stringContaining('while it was TESTING: there is nothing to distribute'),
    });
    expect(retryImage({ status: 'CANCELLED', endedIn: null }).kind).toBe('refuse');
    expect(retryImage({ status: 'AVAILABLE', endedIn: null })).toMatchObject({ kind: 'refuse' });
  });

  it('never refuse by what they lead to', () => {
    for (const status of imageStatuses) {
      for (const endedIn of [null, ...imageStatuses]) {
        for (const request of [cancelImage(status), retryImage({ status, endedIn })]) {
          if (request.kind === 'move') expect(mayFollowImageStatus(status, request.to)).toBe(true);
        }
      }
    }
  });
});
