import { type Kysely, sql } from 'kysely';

/**
 * What images amount to under the archives and baselines of today. A verdict is kept by its content, and so is each of its
 * items, so that images alike share them; `image_freshness` holds the newest finding of an image, `image_freshness_changes` each that differed from the
 * one before. `image_nodes` is what nodes say about the image that they were made from.
 */
export async function up(db: Kysely<never>): Promise<void> {
  // Of the Release file what pins look at beside its fields. Every archive is to be read once more to get it.
  await sql`alter table archive_watches add column release_traits jsonb`.execute(db);
  await sql`update archive_watches set last_modified = null, last_attempt_at = null`.execute(db);
  await sql`
    create table image_verdicts (
      account_id text not null,
      digest text not null,
      content jsonb not null,
      used_at timestamptz not null,
      primary key (account_id, digest)
    )`.execute(db);
  await sql`
    create table image_verdict_items (
      account_id text not null,
      digest text not null,
      content jsonb not null,
      used_at timestamptz not null,
      primary key (account_id, digest)
    )`.execute(db);
  // Every row is written again with each change of an archive: room on the page spares the indexes.
  await sql`
    create table image_freshness (
      image_id text primary key,
      account_id text not null,
      region text not null,
      facts_id uuid,
      freshness text not null,
      why text not null,
      missing_count int not null,
      finding_digest text not null,
      verdict_digest text not null,
      baseline_id text not null,
      baseline_revision int not null,
      is_watched boolean not null,
      offers_as_of timestamptz,
      evaluated_at timestamptz not null,
      valid_until timestamptz,
      since timestamptz not null
    ) with (fillfactor = 50)`.execute(db);
  await sql`
    create table image_freshness_changes (
      change_id bigint generated always as identity primary key,
      account_id text not null,
      image_id text not null,
      changed_at timestamptz not null,
      from_freshness text,
      to_freshness text not null,
      why text not null,
      verdict_digest text not null
    )`.execute(db);
  await sql`create index image_freshness_changes_by_image on image_freshness_changes (image_id, change_id)`.execute(db);
  await sql`
    create table image_freshness_runs (
      account_id text not null,
      region text not null,
      inputs_digest text not null,
      evaluated_at timestamptz not null,
      primary key (account_id, region)
    )`.execute(db);
  await sql`
    create table image_nodes (
      instance_id text primary key,
      account_id text not null,
      region text not null,
      origin_id text not null,
      recipe_arn text not null,
      installed_digest text not null,
      reported_at timestamptz not null
    )`.execute(db);
  await sql`create index image_nodes_by_origin on image_nodes (account_id, region, origin_id, instance_id)`.execute(db);
}
