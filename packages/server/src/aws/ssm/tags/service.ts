import type { OperationContext } from '../../../operations/operation.ts';
import { TagError } from './errors.ts';
import { readTags, removeTags, type TaggedResource, writeTags } from './repository.ts';

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** AddTagsToResource: "Each resource can have a maximum of 50 tags." */
const mostTags = 50;

/** Refuses the keys that AWS keeps for itself, and more tags than a resource can have. */
export function tagsByKey(tags: readonly Tag[]): Record<string, string> {
  const reserved = tags.find((tag) => tag.key.toLowerCase().startsWith('aws:'));
  if (reserved) {
    throw new TagError(
      'TAG_KEY',
      `The tag key ${reserved.key} is not allowed: keys that begin with aws: are reserved.`,
    );
  }
  const byKey = Object.fromEntries(tags.map((tag) => [tag.key, tag.value]));
  refuseTooMany(byKey);
  return byKey;
}

function refuseTooMany(tags: Readonly<Record<string, string>>): void {
  if (Object.keys(tags).length > mostTags) {
    throw new TagError('TOO_MANY_TAGS', `A resource can have at most ${mostTags} tags.`);
  }
}

/** Adds or overwrites tags. The caller has made sure that the resource exists. */
export async function addTags(
  resource: TaggedResource,
  tags: readonly Tag[],
  context: Pick<OperationContext, 'db' | 'accountId' | 'region'>,
): Promise<void> {
  if (tags.length === 0) return;
  const added = tagsByKey(tags);
  const present = await readTags(context.db, context, resource);
  refuseTooMany({ ...present, ...added });
  await writeTags(context.db, context, resource, added);
}

/**
 * Gives a resource the tags that it begins with, and no others: a call that tags one which is deleted meanwhile leaves tags
 * at its name.
 */
export async function tagNewResource(
  resource: TaggedResource,
  tags: readonly Tag[],
  context: Pick<OperationContext, 'db' | 'accountId' | 'region'>,
): Promise<void> {
  await removeTags(context.db, context, resource, 'all');
  await addTags(resource, tags, context);
}

export async function removeTagsFrom(
  resource: TaggedResource,
  keys: readonly string[],
  context: Pick<OperationContext, 'db' | 'accountId' | 'region'>,
): Promise<void> {
  await removeTags(context.db, context, resource, keys);
}
