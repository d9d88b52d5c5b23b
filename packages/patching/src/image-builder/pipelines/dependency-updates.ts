import { ImageBuilderArnError, parseImageBuilderArn } from '../arns/image-builder-arn.ts';
import { compareBuilds, type VersionedItem } from '../versions/select-version.ts';
import { exactVersion } from '../versions/semantic-version.ts';

/** Something that an image is made from, as the definition says it and what that was at a time. */
export interface ResolvedDependency {
  readonly kind: 'recipe' | 'parent' | 'component';
  /** As the pipeline or its recipe says it: an ARN, perhaps with `x`, or the reference of a container image. */
  readonly reference: string;
  /** The ARN of the version or build, or the image with its digest; null where nothing matches. */
  readonly resolved: string | null;
}

/** What changed of what an image is made from. */
export interface DependencyUpdates {
  /** A sentence for each thing that an image built now would have newer, or have and the last image not. */
  readonly updates: readonly string[];
  /** A sentence for each thing that cannot be had, or only older than in the last image. */
  readonly obstacles: readonly string[];
}

function versionOf(text: string): VersionedItem | null {
  try {
    const { version, build } = parseImageBuilderArn(text);
    const exact = version === null ? null : exactVersion(version);
    return exact === null ? null : { version: exact, ...(build === null ? {} : { build }) };
  } catch (error) {
    if (error instanceof ImageBuilderArnError) return null;
    throw error;
  }
}

/** What has no version that could be ordered, a digest say, is newer when it is another. */
function isNewer(now: string, before: string): boolean {
  const [right, left] = [versionOf(before), versionOf(now)];
  return left === null || right === null ? now !== before : compareBuilds(left, right) > 0;
}

const nouns = { recipe: 'The recipe', parent: 'The parent image', component: 'The component' };

/** Compares what a build would be made from now with what the last image was made from. */
export function findDependencyUpdates(
  current: readonly ResolvedDependency[],
  last: readonly ResolvedDependency[],
): DependencyUpdates {
  const updates: string[] = [];
  const obstacles: string[] = [];
  for (const { kind, reference, resolved } of current) {
    const what = `${nouns[kind]} ${reference}`;
    const before = last.find((each) => each.kind === kind && each.reference === reference);
    if (resolved === null) {
      obstacles.push(`${what} matches nothing that exists.`);
    } else if (before === undefined) {
      updates.push(`${what} was not what the last image was built from.`);
    } else if (before.resolved === null || isNewer(resolved, before.resolved)) {
      updates.push(`${what} is now ${resolved}; the last image was built with ${before.resolved ?? 'none'}.`);
    } else if (resolved !== before.resolved) {
      obstacles.push(`${what} is now ${resolved}, which is older than ${before.resolved} in the last image.`);
    }
  }
  return { updates, obstacles };
}
