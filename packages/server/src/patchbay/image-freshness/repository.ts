import type { VerdictItem } from '@patchbay/facts';
import { type Selectable, sql } from 'kysely';
import type { Database } from '../../database/tables.ts';
import type { Scope } from '../../operations/scope.ts';
import { type Finding, referToItems } from './evaluate.ts';
import type { ImageFreshnessChangesTable, ImageFreshnessTable, NotedVerdict } from './tables.ts';

export type StoredFreshness = Selectable<ImageFreshnessTable>;
export type StoredChange = Selectable<ImageFreshnessChangesTable>;

/** Whoever evaluates the images of an account and region waits until this transaction has ended. */
export async function evaluateAlone(db: Database, { accountId, region }: Scope): Promise<void> {
  const name = `patchbay:image-freshness:${accountId}:${region}`;
  await sql`select pg_advisory_xact_lock(hashtext(${name}))`.execute(db);
}

/** The accounts and regions that have images to evaluate. */
export async function listImageScopes(db: Database): Promise<Scope[]> {
  return await db
    .selectFrom('images')
    .select(['accountId', 'region'])
    .where('status', '=', 'AVAILABLE')
    .groupBy(['accountId', 'region'])
    .execute();
}

export async function findInputsDigest(db: Database, scope: Scope): Promise<string | undefined> {
  const row = await db
    .selectFrom('imageFreshnessRuns')
    .select('inputsDigest')
    .where('accountId', '=', scope.accountId)
    .where('region', '=', scope.region)
    .executeTakeFirst();
  return row?.inputsDigest;
}

export async function keepInputsDigest(
  db: Database,
  { accountId, region }: Scope,
  inputsDigest: string,
  evaluatedAt: Date,
): Promise<void> {
  await db
    .insertInto('imageFreshnessRuns')
    .values({ accountId, region, inputsDigest, evaluatedAt })
    .onConflict((conflict) => conflict.columns(['accountId', 'region']).doUpdateSet({ inputsDigest, evaluatedAt }))
    .execute();
}

/** Keeps contents under their digests, and says of those that are there already that they are needed again. */
async function keepContents<Content>(
  db: Database,
  table: 'image_verdicts' | 'image_verdict_items',
  accountId: string,
  contents: ReadonlyMap<string, Content>,
  write: (content: Content) => string,
  now: Date,
): Promise<void> {
  // One order for everybody: two regions of an account that write the same contents wait for each other.
  const sorted = [...contents].sort(([left], [right]) => (left < right ? -1 : 1));
  await sql`
    insert into ${sql.table(table)} (account_id, digest, content, used_at)
    select ${accountId}, digest, content::jsonb, ${now} from unnest(
      ${sorted.map(([digest]) => digest)}::text[], ${sorted.map(([, content]) => write(content))}::text[]
    ) as content (digest, content)
    on conflict (account_id, digest) do update set used_at = excluded.used_at`.execute(db);
}

/** Writes findings over the older ones of their images, and down in the history of those that they change. */
export async function writeFindings(
  db: Database,
  scope: Scope,
  findings: readonly Finding[],
  now: Date,
): Promise<void> {
  if (findings.length === 0) return;
  const { accountId, region } = scope;
  const verdicts = new Map(
    findings.map(({ verdictDigest, verdict }) => [verdictDigest, JSON.stringify(referToItems(verdict))]),
  );
  const items = new Map<string, VerdictItem>();
  for (const { verdict } of findings) {
    for (const { digest, item } of [...verdict.faults, ...verdict.others]) items.set(digest, item);
  }
  await keepContents(db, 'image_verdict_items', accountId, items, (item) => JSON.stringify(item), now);
  await keepContents(db, 'image_verdicts', accountId, verdicts, (text) => text, now);
  const rows = findings.map(({ imageIds: _images, verdict: _verdict, ...finding }, ordinal) => ({
    ordinal,
    ...finding,
  }));
  const members = findings.flatMap(({ imageIds }, ordinal) => imageIds.map((imageId) => ({ imageId, ordinal })));
  const found = sql`
    finding as (select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as finding (
      ordinal int, freshness text, why text, "missingCount" int, "findingDigest" text, "verdictDigest" text,
      "baselineId" text, "baselineRevision" int, "isWatched" boolean, "offersAsOf" timestamptz,
      "validUntil" timestamptz)),
    member as (select * from unnest(
      ${members.map(({ imageId }) => imageId)}::text[], ${members.map(({ ordinal }) => ordinal)}::int[]
    ) as member (image_id, ordinal))`;
  await sql`
    with ${found}
    insert into image_freshness_changes
      (account_id, image_id, changed_at, from_freshness, to_freshness, why, verdict_digest)
    select ${accountId}, member.image_id, ${now}, before.freshness, finding.freshness, finding.why,
      finding."verdictDigest"
    from member join finding using (ordinal) left join image_freshness before using (image_id)
    where before.finding_digest is distinct from finding."findingDigest"`.execute(db);
  await sql`
    with ${found}
    insert into image_freshness (image_id, account_id, region, facts_id, freshness, why, missing_count,
      finding_digest, verdict_digest, baseline_id, baseline_revision, is_watched, offers_as_of, evaluated_at,
      valid_until, since)
    select member.image_id, ${accountId}, ${region}, image.facts_id, finding.freshness, finding.why,
      finding."missingCount", finding."findingDigest", finding."verdictDigest", finding."baselineId",
      finding."baselineRevision", finding."isWatched", finding."offersAsOf", ${now}::timestamptz, finding."validUntil",
      ${now}::timestamptz
    from member join finding using (ordinal) join images image using (image_id)
    on conflict (image_id) do update set
      facts_id = excluded.facts_id, why = excluded.why, missing_count = excluded.missing_count,
      finding_digest = excluded.finding_digest,
      verdict_digest = excluded.verdict_digest, baseline_id = excluded.baseline_id,
      baseline_revision = excluded.baseline_revision, is_watched = excluded.is_watched,
      offers_as_of = excluded.offers_as_of, evaluated_at = excluded.evaluated_at, valid_until = excluded.valid_until,
      freshness = excluded.freshness,
      since = case when image_freshness.freshness = excluded.freshness then image_freshness.since
        else excluded.since end`.execute(db);
}

export async function findFreshnessOf(db: Database, imageId: string): Promise<StoredFreshness | undefined> {
  return await db.selectFrom('imageFreshness').selectAll().where('imageId', '=', imageId).executeTakeFirst();
}

/** Verdicts by their digests, with their items. */
export async function readNotedVerdicts(
  db: Database,
  accountId: string,
  digests: readonly string[],
): Promise<ReadonlyMap<string, NotedVerdict>> {
  const verdicts = await readContents(db, 'imageVerdicts', accountId, digests);
  const wanted = [...verdicts.values()].flatMap(({ faults, others }) => [...faults, ...others]);
  const items = await readContents(db, 'imageVerdictItems', accountId, wanted);
  const itemsOf = (of: readonly string[]) => of.flatMap((digest) => items.get(digest) ?? []);
  return new Map(
    [...verdicts].map(([digest, verdict]) => [
      digest,
      { ...verdict, faults: itemsOf(verdict.faults), others: itemsOf(verdict.others) },
    ]),
  );
}

interface Contents {
  readonly imageVerdicts: NotedVerdict<string>;
  readonly imageVerdictItems: VerdictItem;
}

async function readContents<Table extends keyof Contents>(
  db: Database,
  table: Table,
  accountId: string,
  digests: readonly string[],
): Promise<ReadonlyMap<string, Contents[Table]>> {
  const name: keyof Contents = table;
  const rows = await db
    .selectFrom(name)
    .select(['digest', 'content'])
    .where('accountId', '=', accountId)
    .where((where) => where('digest', '=', where.fn.any(where.val([...new Set(digests)]))))
    .execute();
  return new Map(rows.map(({ digest, content }) => [digest, content as Contents[Table]]));
}

/** The changes of an image, newest first. */
export async function listChanges(db: Database, imageId: string, limit: number): Promise<StoredChange[]> {
  return await db
    .selectFrom('imageFreshnessChanges')
    .selectAll()
    .where('imageId', '=', imageId)
    .orderBy('changeId', 'desc')
    .limit(limit)
    .execute();
}
