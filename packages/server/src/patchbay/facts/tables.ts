import type {
  ArchiveObservation,
  InstalledSet,
  NodeOverlay,
  NodePolicy,
  Offers,
  OperatingSystemFacts,
  UnknownReason,
} from '@patchbay/facts';
import type { ColumnType } from 'kysely';

interface ContentTable<Content> {
  accountId: string;
  digest: string;
  content: ColumnType<Content, string, never>;
  firstReceivedAt: Date;
}

/** The facts of one node at one moment; the shared units by digest. Partitioned by month of `receivedAt`. */
export interface NodeFactsTable {
  accountId: string;
  region: string;
  instanceId: string;
  factsId: string;
  receivedAt: Date;
  operatingSystem: ColumnType<OperatingSystemFacts, string, never>;
  overlay: ColumnType<NodeOverlay, string, never>;
  doubts: ColumnType<UnknownReason[], string, never>;
  installedDigest: string;
  offersDigest: string;
  policyDigest: string;
}

/** Which facts of a node are its newest. */
export interface NewestNodeFactsTable {
  accountId: string;
  region: string;
  instanceId: string;
  factsId: string;
  receivedAt: Date;
}

/** What one archive said of itself when it was looked at: never overwritten, one row per archive and index. */
export interface ArchiveIndexesTable {
  accountId: string;
  archiveKey: string;
  indexDigest: string;
  observation: ColumnType<ArchiveObservation, string, never>;
  firstObservedAt: Date;
  reportedBy: string;
}

/** When a source version was first seen in an archive, and on which rung of the clock that put it. */
export interface ArchiveFirstSeenTable {
  accountId: string;
  archiveKey: string;
  source: string;
  sourceVersion: string;
  rung: 'first-seen' | 'undated';
  firstSeenAt: Date;
  reportedBy: string;
}

/** Until when an archive was successfully watched for a source package. */
export interface ArchiveCoverageTable {
  accountId: string;
  archiveKey: string;
  source: string;
  firstObservedAt: Date;
  lastObservedAt: Date;
}

/** What the changelog of a source version says. A date stays; an attempt that found none gives way to the next. */
export interface ChangelogDatesTable {
  accountId: string;
  archiveKey: string;
  source: string;
  sourceVersion: string;
  package: string | null;
  sha256: string | null;
  dateLine: string | null;
  problem: string | null;
  readBy: string;
  readAt: Date;
}

/** Counts the changes of an account's evidence. */
export interface EvidenceRevisionsTable {
  accountId: string;
  revision: string;
}

export interface FactsTables {
  installedSets: ContentTable<InstalledSet>;
  offers: ContentTable<Offers>;
  nodePolicies: ContentTable<NodePolicy>;
  nodeFacts: NodeFactsTable;
  newestNodeFacts: NewestNodeFactsTable;
  archiveIndexes: ArchiveIndexesTable;
  archiveFirstSeen: ArchiveFirstSeenTable;
  archiveCoverage: ArchiveCoverageTable;
  changelogDates: ChangelogDatesTable;
  evidenceRevisions: EvidenceRevisionsTable;
}
