import type { PatchBaseline } from '@patchbay/facts';
import { contentDigest } from '@patchbay/facts/digest';
import {
  baselineOfInstallList,
  type InstallList,
  OverrideError,
  type ParameterValues,
  parseBaselineOverride,
  parseInstallList,
  patchDocumentName,
  selectOverride,
} from '@patchbay/patching';
import { parse as parseYaml } from 'yaml';
import { openSnapshot } from '../../aws/ssm/patch-snapshots/service.ts';
import type { OperationContext } from '../../operations/operation.ts';
import type { Jurisdiction } from '../verdicts/jurisdiction.ts';
import { type CommandOverride, findCommandOverride, insertCommandOverride } from './repository.ts';

/** Both parameters at once say two things; then nothing is read, and the document fails on the node. */
export function areOverridesInConflict(values: ParameterValues): boolean {
  return Boolean(values['BaselineOverride']) && Boolean(values['InstallOverrideList']);
}

/** @throws OverrideError for a text that is no JSON or YAML, or holds something else than it should. */
function readContent(kind: CommandOverride['kind'], text: string): unknown {
  let content: unknown;
  try {
    // A list of patches needs no aliases, and a few of them can stand for gigabytes.
    content = kind === 'baselines' ? JSON.parse(text) : parseYaml(text, { maxAliasCount: 0 });
  } catch (cause) {
    const form = kind === 'baselines' ? 'JSON' : 'YAML';
    throw new OverrideError('OVERRIDE_CONTENT', `The override is not valid ${form}.`, { cause });
  }
  if (kind === 'install-list') return parseInstallList(content);
  // As it was written: it is read anew, and strictly, whenever it is used.
  parseBaselineOverride(content);
  return content;
}

/**
 * Reads the override of a command once, when the command is taken: all of its nodes use the same, which is on record with
 * its digest. A Scan ignores InstallOverrideList (SSM user guide).
 */
export async function takeOverride(
  commandId: string,
  documentName: string,
  values: ParameterValues,
  context: Pick<OperationContext, 'db' | 'now' | 'accountId' | 'region' | 'dependencies'>,
): Promise<void> {
  if (documentName !== patchDocumentName || areOverridesInConflict(values)) return;
  const given: readonly (readonly [CommandOverride['kind'], unknown])[] = [
    ['baselines', values['BaselineOverride']],
    ['install-list', values['Operation'] === 'Install' ? values['InstallOverrideList'] : ''],
  ];
  for (const [kind, address] of given) {
    if (typeof address !== 'string' || address === '') continue;
    const content = readContent(kind, await context.dependencies.readOverride(address));
    const { accountId, region, now } = context;
    const digest = contentDigest(content);
    const stored = JSON.stringify(content);
    await insertCommandOverride(context.db, {
      accountId,
      region,
      commandId,
      kind,
      address,
      digest,
      content: stored,
      readAt: now,
    });
  }
}

/** What an operation is judged by beside its node's baseline. */
export interface Terms {
  readonly baselines: readonly PatchBaseline[] | null;
  readonly installList: InstallList | null;
  /** Empty for none. */
  readonly snapshotId: string;
}

/** The override that a command brought along, as operations keep it. */
export interface OverrideNote {
  readonly kind: CommandOverride['kind'];
  readonly address: string;
  readonly digest: string;
}

/** The terms of a command's operation and where they come from. A list says what to install, not what is compliant. */
export async function findTerms(
  operation: { readonly commandId: string | null; readonly snapshotId: string },
  stage: 'before' | 'after',
  context: Pick<OperationContext, 'db'>,
): Promise<{ readonly terms: Terms; readonly note: OverrideNote | null }> {
  const { commandId, snapshotId } = operation;
  const override = commandId === null ? undefined : await findCommandOverride(context.db, commandId);
  const terms: Terms = {
    baselines: override?.kind === 'baselines' ? parseBaselineOverride(override.content) : null,
    installList: override?.kind === 'install-list' && stage === 'before' ? parseInstallList(override.content) : null,
    snapshotId,
  };
  const note = override ? { kind: override.kind, address: override.address, digest: override.digest } : null;
  return { terms, note };
}

/** A jurisdiction under terms, and the moment at which its approvals are judged; null for now. */
export interface Settlement {
  readonly jurisdiction: Jurisdiction;
  readonly approvedAsOf: Date | null;
}

/** Applies terms to the baseline of a node: an override takes its place, a snapshot holds whatever it is fast. */
export async function settleTerms(
  registered: Jurisdiction,
  terms: Terms,
  context: Pick<OperationContext, 'db' | 'accountId' | 'region' | 'now' | 'dependencies'>,
): Promise<Settlement> {
  const { operatingSystem } = registered.baseline;
  const overriding = terms.baselines === null ? null : selectOverride(terms.baselines, operatingSystem);
  const jurisdiction = overriding === null ? registered : { ...registered, baseline: overriding, revision: 0 };
  if (terms.installList !== null) {
    const baseline = baselineOfInstallList(jurisdiction.baseline, terms.installList);
    return { jurisdiction: { ...jurisdiction, baseline }, approvedAsOf: null };
  }
  if (terms.snapshotId === '') return { jurisdiction, approvedAsOf: null };
  const snapshot = await openSnapshot(
    { snapshotId: terms.snapshotId, patchGroup: registered.patchGroup, operatingSystem, instanceId: '' },
    async () => jurisdiction,
    context,
  );
  return {
    jurisdiction: { ...registered, baseline: snapshot.content, revision: snapshot.baselineRevision },
    approvedAsOf: snapshot.createdAt,
  };
}
