import { PatchSettings, type PatchSettingsChange } from '@patchbay/contracts';
import { defaultEvaluationSettings, type EvaluationSettings } from '@patchbay/patching';
import type { Database } from '../../database/tables.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { SettingsError } from './errors.ts';
import { findNewestSettings, insertSettings, type StoredSettings } from './repository.ts';

/** An account's settings as the evaluator takes them, with the revision that is part of a verdict's key. */
export interface SettingsInForce {
  readonly settings: EvaluationSettings;
  readonly revision: number;
  readonly changedAt: Date | null;
}

/** Compiled patterns are kept with the object, so the same revision is answered by the same object. */
const inForce = new Map<string, SettingsInForce>();
const mostKept = 1000;

const byDefault: SettingsInForce = { settings: defaultEvaluationSettings, revision: 0, changedAt: null };

export async function readSettings(db: Database, accountId: string): Promise<SettingsInForce> {
  const stored = await findNewestSettings(db, accountId);
  if (!stored) return byDefault;
  const key = `${accountId} ${stored.revision} ${stored.changedAt.toISOString()}`;
  const known = inForce.get(key);
  if (known) return known;
  if (inForce.size >= mostKept) inForce.clear();
  const { revision, changedAt } = stored;
  const settings = { settings: { ...defaultEvaluationSettings, ...stored.content }, revision, changedAt };
  inForce.set(key, settings);
  return settings;
}

/** What people may change of the settings. */
export function describeSettings({ settings }: Pick<SettingsInForce, 'settings'>): PatchSettings {
  return PatchSettings.strip().parse(settings);
}

export const defaultSettings: PatchSettings = describeSettings(byDefault);

/** Stores a further revision, in which the given members are as they are given. */
export async function changeSettings(
  change: PatchSettingsChange,
  expectedRevision: number | undefined,
  context: Pick<OperationContext, 'db' | 'accountId' | 'now'>,
): Promise<SettingsInForce> {
  const { db, accountId, now } = context;
  const before: StoredSettings | undefined = await findNewestSettings(db, accountId);
  const revision = before?.revision ?? 0;
  if (expectedRevision !== undefined && expectedRevision !== revision) throw changed(revision);
  requireSecurityPattern(change);
  const content = { ...before?.content, ...(change as Partial<PatchSettings>) };
  const isNew = await insertSettings(db, { accountId, revision: revision + 1, content, changedAt: now });
  if (!isNew) throw changed(revision + 1);
  return await readSettings(db, accountId);
}

function changed(revision: number): SettingsError {
  return new SettingsError(
    'SETTINGS_CHANGED',
    `The settings were changed meanwhile (revision ${revision}): read them again.`,
  );
}

/** A pattern without members would take every archive for one of security updates. */
function requireSecurityPattern({ classification }: PatchSettingsChange): void {
  if (!classification) return;
  const patterns = [...classification.security, ...classification.extendedSupport];
  const isEmpty = patterns.some(
    (pattern) => !Object.entries(pattern).some(([name, value]) => name !== 'onlyUnverified' && value !== undefined),
  );
  if (!isEmpty) return;
  throw new SettingsError(
    'SETTINGS_INVALID',
    'A pattern must name at least one of origin, label, codename, suite, addressSuite and addressUri.',
  );
}
