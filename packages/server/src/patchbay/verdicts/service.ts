import type { NodeFacts, PatchBaseline, Simulation, UnknownReason, Verdict } from '@patchbay/facts';
import {
  type CompiledBaseline,
  compileBaseline,
  type EvaluationInput,
  emptyReleaseHistory,
  evaluate,
  limitToInstallList,
  patchGroupOf,
  predefinedBaselineFor,
} from '@patchbay/patching';
import { readQuarantines } from '../../aws/ssm/instances/repository.ts';
import { getPatchBaseline } from '../../aws/ssm/patch-baselines/service.ts';
import { baselineIdFor } from '../../aws/ssm/patch-groups/service.ts';
import { readTags } from '../../aws/ssm/tags/repository.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { readReleaseHistory } from '../facts/history.ts';
import { type ReadFacts, readFacts } from '../facts/service.ts';
import { settleTerms, type Terms } from '../overrides/service.ts';
import { readSettings } from '../settings/service.ts';

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region' | 'now' | 'dependencies'>;

/** Which baseline judges a node, and the group that says so. */
export interface Jurisdiction {
  readonly patchGroup: string;
  readonly baseline: PatchBaseline;
  readonly revision: number;
}

export interface Judgement extends Jurisdiction {
  readonly read: ReadFacts | undefined;
  readonly compiled: CompiledBaseline;
  /** All that the verdict was made of. */
  readonly input: EvaluationInput;
  readonly verdict: Verdict;
}

/** Compiling costs little and is the same for every node under a baseline. */
const compiledBaselines = new Map<string, CompiledBaseline>();
const mostCompiled = 200;

function compile(accountId: string, baseline: PatchBaseline, revision: number): CompiledBaseline {
  const key = `${accountId} ${baseline.baselineId} ${revision}`;
  const known = compiledBaselines.get(key);
  if (known) return known;
  if (compiledBaselines.size >= mostCompiled) compiledBaselines.clear();
  const compiled = compileBaseline(baseline, revision);
  compiledBaselines.set(key, compiled);
  return compiled;
}

/** The baseline of a node by its patch group and operating system, or the one that is asked for. */
export async function findJurisdiction(
  instanceId: string,
  facts: NodeFacts | undefined,
  baselineId: string | undefined,
  context: Context,
): Promise<Jurisdiction> {
  const tags = await readTags(context.db, context, { resourceType: 'ManagedInstance', resourceId: instanceId });
  const patchGroup = patchGroupOf(tags);
  const operatingSystem = facts?.operatingSystem.operatingSystem ?? null;
  const shownGroup = patchGroup ?? '';
  if (baselineId === undefined && operatingSystem === null) {
    // Nobody knows what the node is: any baseline will do, since the verdict is unknown under all of them.
    return { patchGroup: shownGroup, baseline: predefinedBaselineFor('DEBIAN'), revision: 1 };
  }
  const id = baselineId ?? (await baselineIdFor(patchGroup, operatingSystem ?? 'DEBIAN', context));
  const { baseline, revision } = await getPatchBaseline(id, context);
  return { patchGroup: shownGroup, baseline, revision };
}

export interface Question {
  readonly instanceId: string;
  /** Null for the newest. */
  readonly factsId: string | null;
  readonly simulation: Simulation | null;
  readonly baselineId?: string | undefined;
  /** What takes the place of the baseline in this operation. */
  readonly terms?: Terms | undefined;
}

/** Of a node in quarantine nobody knows which machine its facts are from. */
async function findQuarantineDoubts(instanceId: string, context: Context): Promise<UnknownReason[]> {
  const reason = (await readQuarantines(context.db, [instanceId])).get(instanceId);
  return reason === undefined
    ? []
    : [{ code: 'quarantined', message: `The node is in quarantine. ${reason}`, archive: null }];
}

/** Whether the baseline is one of the installation's own, so that its revision names its content. */
function isOwnBaseline(registered: Jurisdiction, used: Jurisdiction): boolean {
  return used === registered;
}

/** What a node's baseline says about its facts now. */
export async function judge(question: Question, context: Context): Promise<Judgement> {
  const { instanceId, factsId, simulation, baselineId } = question;
  const read = await readFacts(instanceId, factsId, context);
  const registered = await findJurisdiction(instanceId, read?.facts, baselineId, context);
  const { terms } = question;
  // A node of an unknown system is unknown under any terms.
  const settlement =
    terms && read?.facts.operatingSystem.operatingSystem ? await settleTerms(registered, terms, context) : undefined;
  const jurisdiction = settlement?.jurisdiction ?? registered;
  const compiled = isOwnBaseline(registered, jurisdiction)
    ? compile(context.accountId, jurisdiction.baseline, jurisdiction.revision)
    : compileBaseline(jurisdiction.baseline, jurisdiction.revision);
  const history = read ? await readReleaseHistory(context.db, context.accountId, read.facts) : emptyReleaseHistory;
  const { settings } = await readSettings(context.db, context.accountId);
  const approvedAsOf = settlement?.approvedAsOf ?? null;
  const input: EvaluationInput = {
    facts: read?.facts ?? null,
    factsReceivedAt: read?.receivedAt ?? null,
    baseline: compiled,
    history,
    simulation,
    now: approvedAsOf ?? context.now,
    settings,
    furtherDoubts: [...(read?.doubts ?? []), ...(await findQuarantineDoubts(instanceId, context))],
  };
  const evaluated = evaluate(input);
  const dated = approvedAsOf ? { ...evaluated, evaluatedAt: context.now.toISOString(), validUntil: null } : evaluated;
  const verdict = terms?.installList ? limitToInstallList(dated, terms.installList) : dated;
  return { ...jurisdiction, read, compiled, input, verdict };
}
