/** Image Builder's statuses of an image, in the order of its life. */
export const imageStatuses = [
  'PENDING',
  'CREATING',
  'BUILDING',
  'TESTING',
  'DISTRIBUTING',
  'INTEGRATING',
  'AVAILABLE',
  'FAILED',
  'CANCELLED',
  'DEPRECATED',
  'DISABLED',
  'DELETED',
] as const;
export type ImageStatus = (typeof imageStatuses)[number];

const endings = ['FAILED', 'CANCELLED'] as const;

/**
 * What may follow a status. Tests may be turned off, and only what machine images launch from is integrated, so these two may be
 * left out; an image that is imported is not built. A failed distribution may be tried again (RetryImage). The last three come
 * by a lifecycle or StartResourceStateUpdate.
 */
const transitions: Readonly<Record<ImageStatus, readonly ImageStatus[]>> = {
  PENDING: ['CREATING', ...endings],
  CREATING: ['BUILDING', 'AVAILABLE', ...endings],
  BUILDING: ['TESTING', 'DISTRIBUTING', ...endings],
  TESTING: ['DISTRIBUTING', ...endings],
  DISTRIBUTING: ['INTEGRATING', 'AVAILABLE', ...endings],
  INTEGRATING: ['AVAILABLE', ...endings],
  AVAILABLE: ['DEPRECATED', 'DISABLED', 'DELETED'],
  FAILED: ['DISTRIBUTING', 'DELETED'],
  CANCELLED: ['DISTRIBUTING', 'DELETED'],
  DEPRECATED: ['AVAILABLE', 'DISABLED', 'DELETED'],
  DISABLED: ['AVAILABLE', 'DEPRECATED', 'DELETED'],
  DELETED: [],
};

export function mayFollowImageStatus(from: ImageStatus, to: ImageStatus): boolean {
  return transitions[from].includes(to);
}

/** Whether something is still being done for the image: it can be cancelled, and a builder may hold it. */
export function isImageInProgress(status: ImageStatus): boolean {
  return transitions[status].includes('CANCELLED');
}

/** What a request about an image's state leads to, or why it is refused. */
export type ImageRequest =
  | { readonly kind: 'move'; readonly to: ImageStatus }
  | { readonly kind: 'refuse'; readonly reason: string };

/** CancelImageCreation: "This operation can only be used on images in a non-terminal state." */
export function cancelImage(status: ImageStatus): ImageRequest {
  if (isImageInProgress(status)) return { kind: 'move', to: 'CANCELLED' };
  return { kind: 'refuse', reason: `The image is ${status}: only an image that is being made can be cancelled.` };
}

/** An image as far as it decides whether to try again. */
export interface RetriedImage {
  readonly status: ImageStatus;
  /** Where it was when it failed or was cancelled. */
  readonly endedIn: ImageStatus | null;
}

/** RetryImage: "retries an image distribution without rebuilding the image." */
export function retryImage({ status, endedIn }: RetriedImage): ImageRequest {
  if (status !== 'FAILED' && status !== 'CANCELLED') {
    return { kind: 'refuse', reason: `The image is ${status}: only one that FAILED or was CANCELLED is tried again.` };
  }
  if (endedIn === 'DISTRIBUTING' || endedIn === 'INTEGRATING') return { kind: 'move', to: 'DISTRIBUTING' };
  return {
    kind: 'refuse',
    reason: `The image was ${status} ${endedIn === null ? 'before it was built' : `while it was ${endedIn}`}: there is nothing to distribute. Start its pipeline, or create the image, again.`,
  };
}
