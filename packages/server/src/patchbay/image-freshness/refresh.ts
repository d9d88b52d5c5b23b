import { contentDigest } from '@patchbay/facts/digest';
import { evaluatorVersion } from '@patchbay/patching';
import type { Database } from '../../database/tables.ts';
import { runInTransaction } from '../../database/transaction.ts';
import type { Scope } from '../../operations/scope.ts';
import { listWatchesInUse, type StoredWatch } from '../archive-watches/repository.ts';
import { readEvidenceRevision } from '../facts/evidence-revision.ts';
import { readSettings } from '../settings/service.ts';
import { evaluateImages, type Finding } from './evaluate.ts';
import { readBaselineInputs } from './inputs.ts';
import { evaluateAlone, findInputsDigest, keepInputsDigest, listImageScopes, writeFindings } from './repository.ts';
import { listSubjects, type Wanted } from './subjects.ts';

/** Judges anew what may have become something else. Answers how many images were looked at. */
export async function refreshImageFreshness(db: Database, clock: () => Date): Promise<number> {
  const scopes = await listImageScopes(db);
  const failures: unknown[] = [];
  let count = 0;
  for (const scope of scopes) {
    try {
      count += await runInTransaction(db, (transaction) => refreshScope(transaction, scope, clock()));
    } catch (error) {
      // The images of others are judged all the same.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} of ${scopes.length} scopes failed`);
  return count;
}

async function refreshScope(db: Database, scope: Scope, now: Date): Promise<number> {
  await evaluateAlone(db, scope);
  // While this transaction lasts nobody stores other content of these archives.
  const watches = await listWatchesInUse(db, scope.accountId);
  const inputsDigest = await digestInputs(db, scope, watches);
  const isChanged = inputsDigest !== (await findInputsDigest(db, scope));
  const findings = await evaluateWanted(db, scope, watches, isChanged ? { kind: 'all' } : { kind: 'due', now }, now);
  if (isChanged) await keepInputsDigest(db, scope, inputsDigest, now);
  return findings.reduce((count, { imageIds }) => count + imageIds.length, 0);
}

/** One image at once, whether it is due or not; undefined for one that is not available. */
export async function refreshOne(db: Database, scope: Scope, imageId: string, now: Date): Promise<Finding | undefined> {
  await evaluateAlone(db, scope);
  const watches = await listWatchesInUse(db, scope.accountId);
  return (await evaluateWanted(db, scope, watches, { kind: 'one', imageId }, now))[0];
}

async function evaluateWanted(
  db: Database,
  scope: Scope,
  watches: readonly StoredWatch[],
  wanted: Wanted,
  now: Date,
): Promise<Finding[]> {
  const subjects = await listSubjects(db, scope, wanted);
  if (subjects.length === 0) return [];
  const { settings } = await readSettings(db, scope.accountId);
  const findings = await evaluateImages(subjects, { watches, settings }, { ...scope, db, now });
  await writeFindings(db, scope, findings, now);
  return findings;
}

/** Everything that all images of an account and region are judged by, but the instant. */
async function digestInputs(db: Database, scope: Scope, watches: readonly StoredWatch[]): Promise<string> {
  return contentDigest({
    evaluatorVersion,
    settings: (await readSettings(db, scope.accountId)).revision,
    evidence: await readEvidenceRevision(db, scope.accountId),
    baselines: await readBaselineInputs(db, scope),
    watches: watches.map((watch) => ({
      uri: watch.uri,
      suite: watch.suite,
      components: watch.components,
      architectures: watch.architectures,
      readAt: watch.lastSuccessAt?.toISOString() ?? null,
      problem: watch.problem,
      release: watch.release,
      traits: watch.releaseTraits,
      indexDigests: watch.indexDigests,
    })),
  });
}
