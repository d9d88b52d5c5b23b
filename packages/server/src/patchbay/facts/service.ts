import {
  archiveKey,
  type InstalledSet,
  type NodeFacts,
  type NodeOverlay,
  type NodePolicy,
  type Offers,
  type OperatingSystemFacts,
  type UnknownReason,
} from '@patchbay/facts';
import { contentDigest } from '@patchbay/facts/digest';
import { type FirstSeenRecord, recordObservation } from '@patchbay/patching';
import type { OperationContext } from '../../operations/operation.ts';
import { FactsError } from './errors.ts';
import {
  findNewestFactsId,
  findNodeFacts,
  insertArchiveIndexes,
  insertFirstSeen,
  insertNodeFacts,
  insertUnit,
  listCoverage,
  listFirstSeen,
  readUnit,
  type StoredFacts,
  type UnitContents,
  upsertCoverage,
} from './repository.ts';
import { holdUnits } from './unused-units.ts';

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region' | 'now' | 'dependencies'>;

interface Unit<Content> {
  readonly digest: string;
  readonly content?: Content | undefined;
}

export interface Submission {
  readonly operatingSystem: OperatingSystemFacts;
  readonly overlay: NodeOverlay;
  readonly installed: Unit<InstalledSet>;
  readonly offers: Unit<Offers>;
  readonly policy: Unit<NodePolicy>;
  readonly doubts: readonly UnknownReason[];
}

/** Coverage is written no more often than this, so that many nodes do not all write the same rows. */
const coverageGrainMilliseconds = 3_600_000;

/** The content of a unit: as sent, once its digest is found right, or as it is known; undefined when it must be sent. */
async function takeUnit<Table extends keyof UnitContents>(
  table: Table,
  unit: Unit<UnitContents[Table]>,
  context: Context,
): Promise<UnitContents[Table] | undefined> {
  if (!unit.content) return await readUnit(context.db, table, context.accountId, unit.digest);
  const digest = contentDigest(unit.content);
  if (digest !== unit.digest) {
    throw new FactsError(
      'FACTS_DIGEST',
      `The digest of the ${table} is ${digest}, not ${unit.digest} as it was given.`,
    );
  }
  await insertUnit(context.db, table, { accountId: context.accountId, digest, content: unit.content }, context.now);
  return unit.content;
}

/** Feeds the approval clock: which versions are new, in archives that somebody was watching. */
async function observe(instanceId: string, installed: InstalledSet, offers: Offers, context: Context): Promise<void> {
  const { db, accountId, now } = context;
  const archiveKeys = offers.archives.map((archive) => archiveKey(archive.address));
  const sources = new Set([
    ...installed.packages.map((each) => each.source),
    ...offers.offers.flatMap((offer) => offer.versions.map((version) => version.source)),
  ]);
  const known = await listCoverage(db, accountId, archiveKeys);
  const releases = await listFirstSeen(db, accountId, [...sources]);
  const outcome = recordObservation({
    knownCoverage: known.map((row) => ({ ...row, lastObservedAt: row.lastObservedAt.toISOString() })),
    knownReleases: releases.map(asRecord),
    installed: installed.packages,
    offers,
    receivedAt: now,
  });
  await insertFirstSeen(
    db,
    accountId,
    outcome.firstSeen
      .map((record) => ({ ...record, firstSeenAt: new Date(record.firstSeenAt), reportedBy: instanceId }))
      .sort((left, right) => (`${left.source} ${left.archiveKey}` < `${right.source} ${right.archiveKey}` ? -1 : 1)),
  );
  const lastObserved = new Map(known.map((row) => [`${row.archiveKey}\n${row.source}`, row.lastObservedAt.getTime()]));
  const due = outcome.coverage
    .filter((row) => {
      const before = lastObserved.get(`${row.archiveKey}\n${row.source}`);
      return before === undefined || Date.parse(row.lastObservedAt) - before >= coverageGrainMilliseconds;
    })
    // One order for everybody, so that two nodes that write the same rows wait for each other instead of deadlocking.
    .sort((left, right) => (`${left.archiveKey} ${left.source}` < `${right.archiveKey} ${right.source}` ? -1 : 1));
  await upsertCoverage(
    db,
    due.map(({ archiveKey: key, source, lastObservedAt }) => ({
      accountId,
      archiveKey: key,
      source,
      firstObservedAt: new Date(lastObservedAt),
      lastObservedAt: new Date(lastObservedAt),
    })),
  );
  await insertArchiveIndexes(
    db,
    offers.archives.flatMap((observation) =>
      observation.indexDigest === null || observation.status !== 'current'
        ? []
        : [
            {
              accountId,
              archiveKey: archiveKey(observation.address),
              indexDigest: observation.indexDigest,
              observation: JSON.stringify(observation),
              firstObservedAt: now,
              reportedBy: instanceId,
            },
          ],
    ),
  );
}

function asRecord(row: {
  archiveKey: string;
  source: string;
  sourceVersion: string;
  rung: 'first-seen' | 'undated';
  firstSeenAt: Date;
}): FirstSeenRecord {
  const { archiveKey: key, source, sourceVersion, rung, firstSeenAt } = row;
  return { archiveKey: key, source, sourceVersion, rung, firstSeenAt: firstSeenAt.toISOString() };
}

/** Takes the facts of a node. Units whose content is not known yet are asked for, and nothing is stored before they come. */
export async function submitFacts(
  instanceId: string,
  submission: Submission,
  context: Context,
): Promise<{ factsId: string | null; missing: ('installed' | 'offers' | 'policy')[] }> {
  const { db, accountId, region, now } = context;
  await holdUnits(db);
  const installed = await takeUnit('installedSets', submission.installed, context);
  const offers = await takeUnit('offers', submission.offers, context);
  const policy = await takeUnit('nodePolicies', submission.policy, context);
  const missing = [
    ...(installed ? [] : (['installed'] as const)),
    ...(offers ? [] : (['offers'] as const)),
    ...(policy ? [] : (['policy'] as const)),
  ];
  if (!installed || !offers || !policy) return { factsId: null, missing };
  const factsId = context.dependencies.randomId();
  await insertNodeFacts(db, {
    accountId,
    region,
    instanceId,
    factsId,
    receivedAt: now,
    operatingSystem: JSON.stringify(submission.operatingSystem),
    overlay: JSON.stringify(submission.overlay),
    doubts: JSON.stringify(submission.doubts),
    installedDigest: submission.installed.digest,
    offersDigest: submission.offers.digest,
    policyDigest: submission.policy.digest,
  });
  await observe(instanceId, installed, offers, context);
  return { factsId, missing: [] };
}

/** Facts of a node, whole, with when they came and under which digests. */
export interface ReadFacts {
  readonly factsId: string;
  readonly receivedAt: Date;
  readonly installedDigest: string;
  readonly offersDigest: string;
  readonly policyDigest: string;
  readonly facts: NodeFacts;
  /** What kept the node from reading itself whole. */
  readonly doubts: readonly UnknownReason[];
}

/**
 * Particular facts of a node, or with null its newest, the shared units still by their digests; undefined when it never
 * submitted any.
 */
export async function findFacts(
  instanceId: string,
  factsId: string | null,
  context: Pick<OperationContext, 'db' | 'accountId' | 'region'>,
): Promise<StoredFacts | undefined> {
  const { db } = context;
  const id = factsId === null ? await findNewestFactsId(db, context, instanceId) : factsId;
  const stored = id === undefined ? undefined : await findNodeFacts(db, context, instanceId, id);
  if (stored || factsId === null) return stored;
  throw new FactsError('FACTS_NOT_FOUND', `${instanceId} has not submitted facts ${factsId}.`);
}

/** Those facts whole. */
export async function loadFacts(
  stored: StoredFacts,
  { db, accountId }: Pick<OperationContext, 'db' | 'accountId'>,
): Promise<ReadFacts> {
  const { factsId, operatingSystem, overlay, receivedAt, doubts } = stored;
  const { installedDigest, offersDigest, policyDigest } = stored;
  const installed = await readUnit(db, 'installedSets', accountId, installedDigest);
  const offers = await readUnit(db, 'offers', accountId, offersDigest);
  const policy = await readUnit(db, 'nodePolicies', accountId, policyDigest);
  if (!installed || !offers || !policy) throw new Error(`A unit of the facts ${factsId} is gone`);
  const facts = { operatingSystem, installed, offers, policy, overlay };
  return { factsId, receivedAt, installedDigest, offersDigest, policyDigest, facts, doubts };
}

/** Both at once. */
export async function readFacts(
  instanceId: string,
  factsId: string | null,
  context: Pick<OperationContext, 'db' | 'accountId' | 'region'>,
): Promise<ReadFacts | undefined> {
  const stored = await findFacts(instanceId, factsId, context);
  return stored && (await loadFacts(stored, context));
}
