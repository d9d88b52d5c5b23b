import { sql } from 'kysely';
import { removeExpiredParameters } from '../aws/ssm/parameters/repository.ts';
import { type ExpiredRows, removeExpiredRows } from '../database/expired-rows.ts';
import type { Database } from '../database/tables.ts';
import { removeUnusedUnits } from '../patchbay/facts/unused-units.ts';
import { forgetUnusedFindings } from '../patchbay/image-freshness/forget.ts';
import { pruneVerdicts } from '../patchbay/verdicts/repository.ts';
import type { RetentionPolicy } from './retention-policy.ts';

const DAY_MILLISECONDS = 86_400_000;
/** Cached verdicts serve nodes that report twice a day. */
const cachedVerdictDays = 2;
const mostCachedVerdicts = 20_000;

/** Longer than any address of theirs holds, so that what a run was made from can be looked up for a while. */
const patchSnapshotDays = 30;

/** What grows, what of it is old enough to go, and in which order: what refers to others goes first. */
const growing: readonly (ExpiredRows & { readonly keptAs: keyof RetentionPolicy })[] = [
  {
    keptAs: 'facts',
    table: 'node_facts',
    column: 'received_at',
    where: sql`not exists (select 1 from newest_node_facts newest where newest.facts_id = node_facts.facts_id)
      and not exists (select 1 from images where images.facts_id = node_facts.facts_id)`,
  },
  {
    keptAs: 'verdicts',
    table: 'operation_verdicts',
    column: 'evaluated_at',
    where: sql`not exists (
      select 1 from newest_patch_operations newest where newest.operation_id = operation_verdicts.operation_id)`,
  },
  {
    keptAs: 'verdicts',
    table: 'image_freshness_changes',
    column: 'changed_at',
    where: sql`exists (
      select 1 from image_freshness_changes later where later.image_id = image_freshness_changes.image_id
        and later.change_id > image_freshness_changes.change_id)`,
  },
  { keptAs: 'commandOutput', table: 'command_plugins', column: 'requested_at' },
  { keptAs: 'commandOutput', table: 'command_outputs', column: 'requested_at' },
  {
    keptAs: 'transactions',
    table: 'plans',
    column: 'created_at',
    where: sql`not exists (
      select 1 from newest_patch_operations newest where newest.operation_id = plans.operation_id)`,
  },
  {
    keptAs: 'transactions',
    table: 'patch_operations',
    column: 'started_at',
    where: sql`not exists (
      select 1 from newest_patch_operations newest where newest.operation_id = patch_operations.operation_id)
      and not exists (select 1 from plans where plans.operation_id = patch_operations.operation_id)`,
  },
  {
    keptAs: 'transactions',
    table: 'maintenance_window_executions',
    column: 'started_at',
    where: sql`maintenance_window_executions.ended_at is not null`,
  },
  { keptAs: 'transactions', table: 'image_pipeline_runs', column: 'decided_at' },
  { keptAs: 'transactions', table: 'patch_plans', column: 'created_at' },
  { keptAs: 'transactions', table: 'command_invocations', column: 'requested_at' },
  {
    keptAs: 'transactions',
    table: 'command_overrides',
    column: 'read_at',
    where: sql`not exists (
      select 1 from command_invocations invocation where invocation.command_id = command_overrides.command_id)`,
  },
  { keptAs: 'transactions', table: 'command_parameters', column: 'requested_at' },
  {
    keptAs: 'transactions',
    table: 'command_documents',
    column: 'requested_at',
    where: sql`not exists (
      select 1 from command_invocations invocation where invocation.command_id = command_documents.command_id)`,
  },
  {
    keptAs: 'transactions',
    table: 'commands',
    column: 'requested_at',
    where: sql`not exists (
      select 1 from command_invocations invocation where invocation.command_id = commands.command_id)
      and not exists (select 1 from command_overrides where command_overrides.command_id = commands.command_id)
      and not exists (select 1 from command_documents where command_documents.command_id = commands.command_id)`,
  },
  { keptAs: 'audit', table: 'audit_events', column: 'happened_at' },
  { keptAs: 'clientTokens', table: 'idempotency_tokens', column: 'created_at' },
];

/**
 * Removes what has been kept for long enough. What was first seen, changelogs, coverage, baselines and settings always
 * stay: they date and explain what comes. Whatever is left undone is done the next day.
 */
export async function applyRetention(
  db: Database,
  policy: RetentionPolicy,
  now: Date,
  signal?: AbortSignal,
): Promise<void> {
  const daysAgo = (days: number) => new Date(now.getTime() - days * DAY_MILLISECONDS);
  for (const { keptAs, ...expired } of growing) {
    if (signal?.aborted === true) return;
    await removeExpiredRows(db, expired, daysAgo(policy[keptAs]), signal);
  }
  const snapshots = { table: 'patch_snapshots', column: 'created_at' };
  await removeExpiredRows(db, snapshots, daysAgo(patchSnapshotDays), signal);
  await removeExpiredParameters(db, now);
  await removeUnusedUnits(db, signal);
  await forgetUnusedFindings(db, daysAgo(1));
  await pruneVerdicts(db, { usedBefore: daysAgo(cachedVerdictDays), mostRows: mostCachedVerdicts });
}
