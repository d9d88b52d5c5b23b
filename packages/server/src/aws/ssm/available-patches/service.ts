import { type ArchiveAddress, archiveKey, type OperatingSystem } from '@patchbay/facts';
import {
  type AvailablePatchStatus,
  type CompiledBaseline,
  compileArchivePatterns,
  compileBaseline,
  dateRelease,
  evaluatedOperatingSystems,
  judgeAvailable,
  type ReleaseRecord,
} from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import { listWatches } from '../../../patchbay/archive-watches/repository.ts';
import { readReleasesOf } from '../../../patchbay/facts/history.ts';
import { readSettings } from '../../../patchbay/settings/service.ts';
import { getPatchBaseline } from '../patch-baselines/service.ts';
import { AvailablePatchError } from './errors.ts';
import {
  type AvailableConditions,
  type AvailablePackage,
  type AvailablePosition,
  listAvailable,
} from './repository.ts';

type Context = Pick<OperationContext, 'db' | 'accountId' | 'now'>;

/** One watched archive as the source of patches. */
export interface WatchedProduct {
  readonly key: string;
  readonly uri: string;
  /** `bookworm-security/main`. */
  readonly repository: string;
  readonly vendor: string;
  readonly operatingSystem: OperatingSystem | null;
  readonly product: string;
  readonly isSecurity: boolean;
}

/** A patch that is there to be had, with when it became so as far as anybody knows. */
export interface AvailablePatch {
  readonly stored: AvailablePackage;
  readonly archive: WatchedProduct;
  readonly releasedAt: string | null;
}

/** Every archive that the account watches, once per component and architecture. */
export async function listWatchedProducts(context: Context): Promise<WatchedProduct[]> {
  const { classification } = (await readSettings(context.db, context.accountId)).settings;
  const isSecurity = compileArchivePatterns(classification.security);
  return (await listWatches(context.db, context.accountId)).flatMap((watch) => {
    const { uri, suite, release, operatingSystem } = watch;
    return watch.components.flatMap((component) =>
      watch.architectures.map((architecture) => {
        const address: ArchiveAddress = { uri, suite, component, architecture };
        return {
          key: archiveKey(address),
          uri,
          repository: `${suite}/${component}`,
          vendor: release?.origin ?? '',
          operatingSystem,
          product: watch.product ?? '',
          isSecurity: isSecurity({ address, release }),
        };
      }),
    );
  });
}

/** One page of what the archives offer. */
export async function pageAvailablePatches(
  archives: readonly WatchedProduct[],
  conditions: Omit<AvailableConditions, 'archiveKeys'>,
  after: AvailablePosition | undefined,
  limit: number,
  context: Context,
): Promise<AvailablePatch[]> {
  const byKey = new Map(archives.map((archive) => [archive.key, archive]));
  const whole = { ...conditions, archiveKeys: [...byKey.keys()] };
  const rows = await listAvailable(context.db, context.accountId, whole, after, limit);
  const recordOf = await readRecords(rows, context);
  return rows.flatMap((stored) => {
    const archive = byKey.get(stored.archiveKey);
    return archive ? [{ stored, archive, releasedAt: dateRelease(recordOf(stored)).availableAt }] : [];
  });
}

export interface EffectivePatch extends AvailablePatch {
  readonly status: AvailablePatchStatus;
}

const rowsAtOnce = 1000;

/** One page of what a baseline approves or rejects of all that its operating system's archives offer. */
export async function pageEffectivePatches(
  baselineId: string,
  after: AvailablePosition | undefined,
  limit: number,
  context: OperationContext,
): Promise<EffectivePatch[]> {
  const { baseline, revision } = await getPatchBaseline(baselineId, context);
  const { operatingSystem } = baseline;
  // AWS knows Windows' patches by itself. Nobody watches these here, so none is effective.
  if (operatingSystem === 'WINDOWS') return [];
  const archives = (await listWatchedProducts(context)).filter((each) => each.operatingSystem === operatingSystem);
  if (!evaluatedOperatingSystems.has(operatingSystem) || archives.length === 0) {
    throw new AvailablePatchError(
      'OPERATING_SYSTEM_NOT_WATCHED',
      `No archive of ${operatingSystem} is watched, so its patches are not known (patchbay archive-watch add).`,
    );
  }
  const compiled = compileBaseline(baseline, revision);
  const byKey = new Map(
    archives.filter((archive) => isWithinReach(compiled, archive)).map((archive) => [archive.key, archive]),
  );
  const found: EffectivePatch[] = [];
  let position = after;
  for (;;) {
    const conditions = { archiveKeys: [...byKey.keys()] };
    const rows = await listAvailable(context.db, context.accountId, conditions, position, rowsAtOnce);
    const recordOf = await readRecords(rows, context);
    for (const stored of rows) {
      const archive = byKey.get(stored.archiveKey);
      if (!archive) continue;
      const record = recordOf(stored);
      const version = { ...stored, isSecurity: archive.isSecurity, record };
      const status = judgeAvailable(compiled, archive.product, version, context.now);
      if (status === null) continue;
      found.push({ stored, archive, releasedAt: dateRelease(record).availableAt, status });
      if (found.length === limit) return found;
    }
    position = rows.at(-1);
    if (rows.length < rowsAtOnce) return found;
  }
}

/** Whether the baseline could say anything about what an archive offers: mostly it cannot about tens of thousands of rows. */
function isWithinReach(compiled: CompiledBaseline, { product, isSecurity }: WatchedProduct): boolean {
  const { rejectedPatches, approvedPatches, approvedPatchesEnableNonSecurity } = compiled.baseline;
  if (rejectedPatches.length > 0) return true;
  if (approvedPatches.length > 0 && (isSecurity || approvedPatchesEnableNonSecurity)) return true;
  return compiled.approversFor(product).some(({ enableNonSecurity }) => isSecurity || enableNonSecurity);
}

async function readRecords(
  rows: readonly AvailablePackage[],
  { db, accountId }: Context,
): Promise<(row: AvailablePackage) => ReleaseRecord | undefined> {
  const history = await readReleasesOf(db, accountId, [...new Set(rows.map(({ source }) => source))]);
  return (row) => history(row.archiveKey, row.source).find(({ sourceVersion }) => sourceVersion === row.sourceVersion);
}
