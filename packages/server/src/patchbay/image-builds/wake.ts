import type { Scope } from '../../operations/scope.ts';

/** Told that there is a build to take, so that builders which wait look. */
export const buildTopic = 'image-build';

export function buildTopicKey({ accountId, region }: Scope): string {
  return `${accountId}/${region}`;
}
