import type { ArchiveWatch } from '@patchbay/contracts';
import type { OperatingSystem } from '@patchbay/facts';
import { productOfArchive } from '@patchbay/patching';
import type { Database } from '../../database/tables.ts';
import { runInTransaction } from '../../database/transaction.ts';
import type { Dependencies } from '../../dependencies.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { observeIndex } from '../facts/observe-index.ts';
import { wakeImageFreshness } from '../image-freshness/wake.ts';
import { ArchiveWatchError } from './errors.ts';
import { type LookedAt, lookAtArchive, type ReadIndex } from './fetch-archive.ts';
import { keyringSum, readKeyring } from './keyring.ts';
import {
  countAvailablePackages,
  countWatches,
  findWatch,
  insertWatch,
  lockWatch,
  replaceAvailablePackages,
  type StoredWatch,
  updateWatch,
} from './repository.ts';
import { checkSignature } from './signature.ts';

const mostWatches = 200;

export interface WantedWatch {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  readonly architectures: readonly string[];
  readonly keyring: { readonly file: string } | { readonly content: string };
  readonly operatingSystem?: OperatingSystem | undefined;
  readonly product?: string | undefined;
}

export async function addWatch(wanted: WantedWatch, context: OperationContext): Promise<StoredWatch> {
  const { db, accountId, now } = context;
  if ((wanted.product === undefined) !== (wanted.operatingSystem === undefined)) {
    throw new ArchiveWatchError('WATCH_PRODUCT', 'operatingSystem and product belong together: give both or neither.');
  }
  if ((await countWatches(db, accountId)) >= mostWatches) {
    throw new ArchiveWatchError('WATCH_LIMIT', `An account can watch at most ${mostWatches} archives.`);
  }
  const keyring = await readKeyring(wanted.keyring);
  const uri = cleanUri(wanted.uri);
  const watchId = context.dependencies.randomId();
  const isNew = await insertWatch(db, {
    accountId,
    watchId,
    uri,
    suite: wanted.suite,
    components: JSON.stringify([...new Set(wanted.components)]),
    architectures: JSON.stringify([...new Set(wanted.architectures)]),
    keyringName: keyring.name,
    keyring: keyring.content,
    operatingSystem: wanted.operatingSystem ?? null,
    product: wanted.product ?? null,
    createdAt: now,
  });
  if (!isNew) throw new ArchiveWatchError('WATCH_EXISTS', `${uri} ${wanted.suite} is watched already.`);
  return await requireWatch(watchId, context);
}

async function requireWatch(
  watchId: string,
  context: Pick<OperationContext, 'db' | 'accountId'>,
): Promise<StoredWatch> {
  const watch = await findWatch(context.db, context.accountId, watchId);
  if (!watch) throw new ArchiveWatchError('WATCH_NOT_FOUND', `There is no archive watch ${watchId}.`);
  return watch;
}

/** As keys of archives have it: no credentials, which facts may not carry, and no slash at the end. */
function cleanUri(text: string): string {
  const url = URL.parse(text);
  if (!url || !['http:', 'https:', 'file:'].includes(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new ArchiveWatchError('WATCH_URI', `${text} is no address of an archive: use http, https or file.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new ArchiveWatchError(
      'WATCH_URI',
      'The address carries credentials, and archives with these cannot be watched yet.',
    );
  }
  return text.replace(/\/+$/, '');
}

export interface RefreshParts {
  readonly db: Database;
  readonly dependencies: Pick<Dependencies, 'clock' | 'egress' | 'wake'>;
}

/** Looks at an archive and stores what came of it. Fetching holds no transaction. */
export async function refreshWatch(
  accountId: string,
  watchId: string,
  { db, dependencies }: RefreshParts,
): Promise<StoredWatch> {
  const watch = await requireWatch(watchId, { db, accountId });
  const now = dependencies.clock();
  // Others that look for work pass this one by.
  await updateWatch(db, watchId, { lastAttemptAt: now });
  const looked = await lookAtArchive(watch, {
    egress: dependencies.egress,
    checkSignature,
    now,
    isKnown: (archiveKey, digest) => Promise.resolve(storedDigest(watch, archiveKey) === digest),
  });
  await runInTransaction(db, async (transaction) => {
    await storeLook(transaction, watch, looked, now);
    await wakeImageFreshness(transaction, dependencies);
  });
  return await requireWatch(watchId, { db, accountId });
}

function storedDigest({ indexDigests }: StoredWatch, archiveKey: string): string | undefined {
  return Object.hasOwn(indexDigests, archiveKey) ? indexDigests[archiveKey] : undefined;
}

async function storeLook(db: Database, watch: StoredWatch, looked: LookedAt, now: Date): Promise<void> {
  const { watchId } = watch;
  // Removed meanwhile.
  if (!(await lockWatch(db, watchId))) return;
  switch (looked.status) {
    case 'failed':
      // The next look reads the Release file whatever its age: nothing was made of this one.
      return await updateWatch(db, watchId, { problem: looked.problem, lastModified: null });
    case 'unchanged': {
      for (const component of watch.components) {
        for (const architecture of watch.architectures) {
          const address = { uri: watch.uri, suite: watch.suite, component, architecture };
          await observe(db, watch, { address, release: watch.release, digest: null, stanzas: null }, now);
        }
      }
      return await updateWatch(db, watchId, { problem: null, lastSuccessAt: now });
    }
    case 'read': {
      const { release, traits, lastModified, indexes } = looked;
      const digests = new Map<string, string>();
      for (const index of indexes) {
        digests.set(index.archiveKey, index.digest);
        await observe(db, watch, { ...index, release }, now);
        if (index.stanzas === null) continue;
        const archive = { accountId: watch.accountId, archiveKey: index.archiveKey, watchId };
        await replaceAvailablePackages(db, archive, index.stanzas);
      }
      const named = productOfArchive(release);
      return await updateWatch(db, watchId, {
        problem: null,
        lastSuccessAt: now,
        lastModified,
        release: JSON.stringify(release),
        releaseTraits: JSON.stringify(traits),
        indexDigests: JSON.stringify(Object.fromEntries(digests)),
        operatingSystem: watch.operatingSystem ?? named?.operatingSystem ?? null,
        product: watch.product ?? named?.product ?? null,
        packageCount: await countAvailablePackages(db, watchId),
      });
    }
  }
}

async function observe(
  db: Database,
  watch: StoredWatch,
  index: Pick<ReadIndex, 'address' | 'stanzas'> & { digest: string | null; release: StoredWatch['release'] },
  observedAt: Date,
): Promise<void> {
  const { address, stanzas, digest, release } = index;
  await observeIndex(db, {
    accountId: watch.accountId,
    observation: { address, status: 'current', reason: null, release, indexDigest: digest },
    versions: stanzas,
    observedBy: `archive-watch ${watch.watchId}`,
    observedAt,
  });
}

export function describeWatch(watch: StoredWatch): ArchiveWatch {
  const { watchId, uri, suite, components, architectures, operatingSystem, product, problem, release } = watch;
  return {
    watchId,
    uri,
    suite,
    components,
    architectures,
    keyring: { name: watch.keyringName, sha256: keyringSum(watch.keyring) },
    operatingSystem,
    product,
    createdAt: watch.createdAt.toISOString(),
    lastAttemptAt: watch.lastAttemptAt?.toISOString() ?? null,
    lastSuccessAt: watch.lastSuccessAt?.toISOString() ?? null,
    problem,
    release,
    packageCount: watch.packageCount,
  };
}
