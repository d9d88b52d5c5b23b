import type { UnknownReason, VerdictItem } from '@patchbay/facts';
import type { OperationContext } from '../../operations/operation.ts';
import { refreshOne } from './refresh.ts';

/** What an image lacks of what is approved for it at this moment, or why nobody can tell. */
export type MissingApprovedPatches =
  | { readonly kind: 'known'; readonly patches: readonly VerdictItem[] }
  | { readonly kind: 'unknown'; readonly reasons: readonly UnknownReason[] };

/**
 * Judges an image now: for deciding whether to build it anew. Patches are only those that a build could bring in.
 */
export async function missingApprovedPatches(
  imageId: string,
  { db, accountId, region, now }: Pick<OperationContext, 'db' | 'accountId' | 'region' | 'now'>,
): Promise<MissingApprovedPatches> {
  const finding = await refreshOne(db, { accountId, region }, imageId, now);
  if (!finding) {
    const message = `There is no available image ${imageId} in this account and region`;
    return { kind: 'unknown', reasons: [{ code: 'no-facts', message, archive: null }] };
  }
  const { freshness, verdict } = finding;
  if (freshness === 'unknown') return { kind: 'unknown', reasons: verdict.unknownReasons };
  return { kind: 'known', patches: verdict.faults.map(({ item }) => item).filter(({ state }) => state === 'missing') };
}
