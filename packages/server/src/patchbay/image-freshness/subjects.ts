import type {
  ArchiveObservation,
  InstalledSet,
  NodeOverlay,
  NodePolicy,
  Offers,
  OperatingSystemFacts,
  UnknownReason,
} from '@patchbay/facts';
import type { OfferedStanza } from '@patchbay/package-managers';
import { sql } from 'kysely';
import type { Database } from '../../database/tables.ts';
import type { Scope } from '../../operations/scope.ts';
import type { ArchiveContents } from './watched-offers.ts';

/** An available image with its facts by their digests. */
export interface Subject {
  readonly imageId: string;
  readonly patchGroup: string | null;
  /** What follows is null where no facts were handed in. */
  readonly factsId: string | null;
  readonly receivedAt: Date | null;
  /** Of all that its facts say beside the shared units. */
  readonly machineDigest: string | null;
  readonly installedDigest: string | null;
  readonly offersDigest: string | null;
  readonly policyDigest: string | null;
}

/** What differs from one look at a root file system to the next and decides nothing. */
const passing = ['agentClock', 'bootId', 'clockAheadSeconds', 'image', 'machineIdHash'];

export type Wanted =
  | { readonly kind: 'all' }
  /** Those that were never judged, or not with these facts, or whose time has come. */
  | { readonly kind: 'due'; readonly now: Date }
  | { readonly kind: 'one'; readonly imageId: string };

export async function listSubjects(db: Database, scope: Scope, wanted: Wanted): Promise<Subject[]> {
  const condition =
    wanted.kind === 'all'
      ? sql`true`
      : wanted.kind === 'one'
        ? sql`image.image_id = ${wanted.imageId}`
        : sql`(found.image_id is null or found.facts_id is distinct from image.facts_id or found.valid_until <= ${wanted.now})`;
  const { rows } = await sql<Subject>`
    select image.image_id as "imageId", image.patch_group as "patchGroup",
      facts.facts_id as "factsId", facts.received_at as "receivedAt",
      md5(facts.operating_system::text || (facts.overlay - ${passing}::text[])::text || facts.doubts::text)
        as "machineDigest",
      facts.installed_digest as "installedDigest", facts.offers_digest as "offersDigest",
      facts.policy_digest as "policyDigest"
    from images image
    left join node_facts facts on facts.facts_id = image.facts_id and facts.instance_id = image.image_id
    left join image_freshness found on found.image_id = image.image_id
    where image.account_id = ${scope.accountId} and image.region = ${scope.region} and image.status = 'AVAILABLE'
      and ${condition}`.execute(db);
  return rows;
}

/** What facts say beside the shared units. */
export interface MachinePart {
  readonly operatingSystem: OperatingSystemFacts;
  readonly overlay: NodeOverlay;
  readonly doubts: readonly UnknownReason[];
}

/** By the digest that `listSubjects` gave; one of the facts stands for all that are alike. */
export async function readMachineParts(
  db: Database,
  subjects: readonly Subject[],
): Promise<ReadonlyMap<string, MachinePart>> {
  const representatives = new Map<string, string>();
  for (const { machineDigest, factsId } of subjects) {
    if (machineDigest !== null && factsId !== null) representatives.set(machineDigest, factsId);
  }
  const factsIds = [...representatives.values()];
  const rows = await db
    .selectFrom('nodeFacts')
    .select(['factsId', 'operatingSystem', 'overlay', 'doubts'])
    .where((where) => where('factsId', '=', where.fn.any(where.val(factsIds))))
    .execute();
  const byId = new Map(rows.map((row) => [row.factsId, row]));
  const parts = new Map<string, MachinePart>();
  for (const [digest, factsId] of representatives) {
    const row = byId.get(factsId);
    if (row) parts.set(digest, row);
  }
  return parts;
}

export interface SharedUnits {
  readonly installedSets: InstalledSet;
  readonly offers: Offers;
  readonly nodePolicies: NodePolicy;
}

/** Units by their digests, with one statement. */
export async function readUnits<Table extends keyof SharedUnits>(
  db: Database,
  accountId: string,
  table: Table,
  digests: Iterable<string>,
): Promise<ReadonlyMap<string, SharedUnits[Table]>> {
  const name: keyof SharedUnits = table;
  const rows = await db
    .selectFrom(name)
    .select(['digest', 'content'])
    .where('accountId', '=', accountId)
    .where((where) => where('digest', '=', where.fn.any(where.val([...new Set(digests)]))))
    .execute();
  return new Map(rows.map(({ digest, content }) => [digest, content as SharedUnits[Table]]));
}

/** The archives of offers, without what these offer. */
export async function readArchivesOfOffers(
  db: Database,
  accountId: string,
  digests: Iterable<string>,
): Promise<ReadonlyMap<string, readonly ArchiveObservation[]>> {
  const { rows } = await sql<{ digest: string; archives: ArchiveObservation[] }>`
    select digest, content -> 'archives' as archives from offers
    where account_id = ${accountId} and digest = any(${[...new Set(digests)]}::text[])`.execute(db);
  return new Map(rows.map(({ digest, archives }) => [digest, archives]));
}

/** What watched archives hold of some packages. */
export async function readArchiveContents(
  db: Database,
  accountId: string,
  archiveKeys: Iterable<string>,
  names: Iterable<string>,
): Promise<ArchiveContents> {
  const rows = await db
    .selectFrom('availablePackages')
    .select(['archiveKey', 'name', 'architecture', 'version', 'source', 'sourceVersion', 'section', 'priority'])
    .select(['filename', 'sizeBytes', 'sha256', 'phasedUpdatePercentage'])
    .where('accountId', '=', accountId)
    .where((where) => where('archiveKey', '=', where.fn.any(where.val([...new Set(archiveKeys)]))))
    .where((where) => where('name', '=', where.fn.any(where.val([...new Set(names)]))))
    .orderBy('name')
    .orderBy('architecture')
    .orderBy('version')
    .execute();
  const contents = new Map<string, Map<string, OfferedStanza[]>>();
  for (const { archiveKey, ...row } of rows) {
    const stanza = { ...row, sizeBytes: Number(row.sizeBytes) };
    const archive = contents.get(archiveKey) ?? new Map<string, OfferedStanza[]>();
    contents.set(archiveKey, archive);
    const known = archive.get(row.name);
    if (known) known.push(stanza);
    else archive.set(row.name, [stanza]);
  }
  return contents;
}
