import {
  type ImageBuilderArn,
  ImageBuilderArnError,
  matchesVersion,
  parseImageBuilderArn,
  type VersionedItem,
} from '@patchbay/patching';

/**
 * Whether a reference would name nothing without one of the items of its name: it names that one, or a version or wildcard that
 * no other meets. `others` is without the one.
 */
export function isOnlyMatch(reference: string, one: VersionedItem, others: readonly VersionedItem[]): boolean {
  const arn = readReference(reference);
  if (arn === undefined || arn.version === null) return false;
  const { version, build } = arn;
  const matches = (item: VersionedItem) =>
    matchesVersion(version, item.version) && (build === null || item.build === build);
  return matches(one) && !others.some(matches);
}

function readReference(text: string): ImageBuilderArn | undefined {
  try {
    return parseImageBuilderArn(text);
  } catch (error) {
    if (error instanceof ImageBuilderArnError) return undefined;
    throw error;
  }
}
