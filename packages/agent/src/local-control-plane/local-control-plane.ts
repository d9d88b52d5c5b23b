import { generateKeyPairSync, sign } from 'node:crypto';
import {
  authorizationText,
  BeginPatchOperation,
  type Begun,
  type ChangelogReading,
  CompletePatchOperation,
  type OperationContract,
  type PatchOperationKind,
  ProposePlan,
  type SignedAuthorization,
  SubmitChangelogs,
  SubmitFacts,
} from '@patchbay/contracts';
import type {
  GroupOutcome,
  NodeFacts,
  PatchBaseline,
  Plan,
  RefusedTarget,
  Simulation,
  Target,
  UnknownReason,
  Verdict,
} from '@patchbay/facts';
import { contentDigest } from '@patchbay/facts/digest';
import {
  blockedPackages,
  type CompiledBaseline,
  countPatches,
  defaultEvaluationSettings,
  type EvaluationInput,
  emptyReleaseHistory,
  evaluate,
  findChangelogQuestions,
  listRefused,
  makePlan,
  planDigest,
  predefinedBaselineFor,
  type ReleaseHistory,
  selectTargets,
} from '@patchbay/patching';
import type { z } from 'zod';
import type { PinnedKey } from '../authorization.ts';
import type { ServerCalls } from '../patcher/submit-facts.ts';
import { observeLocally, rememberChangelogs } from '../scan/local-clock.ts';
import { compileCheckedBaseline } from '../scan/read-baseline.ts';
import { LocalControlPlaneError } from './local-control-plane-error.ts';
import { compileSelection, everyPackage, type PackageSelection } from './select-packages.ts';

export interface LocalControlPlaneOptions {
  /** Null: the predefined one of the operating system that the facts name. */
  readonly baseline: PatchBaseline | null;
  /** Where what was seen of versions and when is kept; null: nothing is known of any version's age. */
  readonly clockDirectory: string | null;
  readonly selection?: PackageSelection;
  readonly now: () => Date;
  readonly randomId: () => string;
}

/** An approved update that stays out because nobody asked for it. */
export interface LeftAlone extends Target {
  readonly reason: string;
}

/** What was decided in the operation that was begun last. */
export interface LocalDecisions {
  readonly baseline: PatchBaseline | null;
  readonly factsBefore: NodeFacts | null;
  readonly factsAfter: NodeFacts | null;
  readonly verdictBefore: Verdict | null;
  readonly verdictAfter: Verdict | null;
  /** Of a scan: what an install would do. Null where nothing is to be installed. */
  readonly plan: Plan | null;
  readonly refused: readonly RefusedTarget[];
  readonly leftAlone: readonly LeftAlone[];
  readonly outcomes: readonly GroupOutcome[];
}

/** The patcher's control plane where there is no server: the same decisions, and a key for this run alone. */
export interface LocalControlPlane {
  readonly nodeId: string;
  readonly key: PinnedKey;
  readonly server: ServerCalls;
  readonly decisions: () => LocalDecisions;
}

interface Received {
  readonly facts: NodeFacts;
  readonly doubts: readonly UnknownReason[];
  readonly at: Date;
}

interface OpenOperation extends LocalDecisions {
  readonly operationId: string;
  readonly kind: PatchOperationKind;
  readonly received: Received;
}

const nodeId = 'local';
/** As long as a node has with a server. */
const planLifetimeMilliseconds = 6 * 3_600_000;
const nothingAnnounced: Simulation = { groups: [], refused: [], diskBytes: 0 };

export function openLocalControlPlane(options: LocalControlPlaneOptions): LocalControlPlane {
  const { now, randomId, clockDirectory } = options;
  const explainUnwanted = compileSelection(options.selection ?? everyPackage);
  const keys = generateKeyPairSync('ed25519');
  const publicKey = keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const key: PinnedKey = { keyId: 'made-for-this-run', publicKey };
  const units = new Map<string, unknown>();
  const compiled = new Map<string, CompiledBaseline>();
  let received: Received | null = null;
  let history: ReleaseHistory = emptyReleaseHistory;
  let open: OpenOperation | null = null;

  const baselineFor = (facts: NodeFacts): CompiledBaseline => {
    const system = facts.operatingSystem.operatingSystem ?? 'DEBIAN';
    const known = compiled.get(system) ?? compileCheckedBaseline(options.baseline ?? predefinedBaselineFor(system));
    compiled.set(system, known);
    return known;
  };
  const inputOf = ({ facts, doubts, at }: Received, simulation: Simulation | null): EvaluationInput => ({
    facts,
    factsReceivedAt: at,
    baseline: baselineFor(facts),
    history,
    simulation,
    now: now(),
    settings: defaultEvaluationSettings,
    furtherDoubts: doubts,
  });
  const requireFacts = (): Received => {
    if (received !== null) return received;
    throw new LocalControlPlaneError('NO_FACTS', 'No facts were handed in yet.');
  };
  const requireOpen = (operationId: string): OpenOperation => {
    if (open?.operationId === operationId) return open;
    throw new LocalControlPlaneError('UNKNOWN_OPERATION', `The operation ${operationId} was not begun here.`);
  };
  const wantedOf = (verdict: Verdict): Verdict => ({
    ...verdict,
    items: verdict.items.filter(({ name }) => explainUnwanted(name) === null),
  });

  function takeFacts(input: z.output<typeof SubmitFacts.input>): z.input<typeof SubmitFacts.output> {
    const { operatingSystem, overlay, doubts, installed, offers, policy } = input;
    for (const unit of [installed, offers, policy]) {
      if (unit.content === undefined) continue;
      if (contentDigest(unit.content) !== unit.digest) {
        throw new LocalControlPlaneError('WRONG_DIGEST', `What came as ${unit.digest} is something else.`);
      }
      units.set(unit.digest, unit.content);
    }
    const given = { installed, offers, policy };
    const names = ['installed', 'offers', 'policy'] as const;
    const missing = names.filter((name) => !units.has(given[name].digest));
    if (missing.length > 0) return { factsId: null, missing };
    const read = <Name extends keyof typeof given>(name: Name) => units.get(given[name].digest) as NodeFacts[Name];
    const facts = {
      operatingSystem,
      overlay,
      installed: read('installed'),
      offers: read('offers'),
      policy: read('policy'),
    };
    received = { facts, doubts, at: now() };
    if (clockDirectory !== null) history = observeLocally(clockDirectory, facts, received.at);
    return { factsId: contentDigest({ operatingSystem, overlay, ...given }), missing: [] };
  }

  function begin(kind: PatchOperationKind): Begun {
    open = { ...nothingDecided, operationId: randomId(), kind, received: requireFacts() };
    return describe(open);
  }

  function describe(operation: OpenOperation): Begun {
    const { facts } = operation.received;
    const input = inputOf(operation.received, null);
    const verdict = evaluate(input);
    const { baseline } = input.baseline;
    const leftAlone = selectTargets(verdict).flatMap((target) => {
      const reason = explainUnwanted(target.name);
      return reason === null ? [] : [{ ...target, reason }];
    });
    open = { ...operation, baseline, factsBefore: facts, verdictBefore: verdict, leftAlone };
    const { changelogPackageBytes, changelogRunBytes } = defaultEvaluationSettings;
    return {
      operationId: operation.operationId,
      baseline: { baselineId: baseline.baselineId, name: baseline.name },
      targets: selectTargets(wantedOf(verdict)),
      blocked: [...blockedPackages(baseline, facts.policy).rejected, ...(options.selection?.exclude ?? [])],
      status: verdict.status,
      unknownReasons: verdict.unknownReasons,
      ...(clockDirectory === null
        ? {}
        : {
            changelogs: {
              questions: findChangelogQuestions(input).map(({ source, sourceVersion, packages }) => ({
                source,
                sourceVersion,
                packages: [...packages],
              })),
              packageBytes: changelogPackageBytes,
              runBytes: changelogRunBytes,
            },
          }),
    };
  }

  function takeChangelogs(operationId: string, readings: readonly ChangelogReading[]): Begun {
    const operation = requireOpen(operationId);
    if (clockDirectory !== null) {
      const questions = findChangelogQuestions(inputOf(operation.received, null));
      history = rememberChangelogs(clockDirectory, questions, readings, now());
    }
    return describe(operation);
  }

  /** What of that which the package manager announced may be done, and what may not. */
  function decide(operation: OpenOperation, simulation: Simulation) {
    const { facts } = operation.received;
    const input = inputOf(operation.received, null);
    const verdict = wantedOf(evaluate(input));
    const outcome = makePlan({
      planId: randomId(),
      nodeId,
      operationId: operation.operationId,
      createdAt: now().toISOString(),
      verdict,
      simulation,
      baseline: input.baseline,
      installedDigest: contentDigest(facts.installed),
      policy: facts.policy,
      archives: facts.offers.archives,
    });
    return {
      plan: outcome.ok && outcome.plan.groups.length > 0 ? outcome.plan : null,
      refused: listRefused(outcome, selectTargets(verdict)),
    };
  }

  function propose(operationId: string, simulation: Simulation): z.input<typeof ProposePlan.output> {
    const operation = requireOpen(operationId);
    const decided = decide(operation, simulation);
    open = { ...operation, ...decided };
    const { plan, refused } = decided;
    return { plan, authorization: plan === null ? null : authorize(plan), refused };
  }

  function authorize(plan: Plan): SignedAuthorization {
    const authorization = {
      kind: 'plan',
      nodeId,
      operationId: plan.operationId,
      planId: plan.planId,
      planDigest: planDigest(plan),
      expiresAt: new Date(now().getTime() + planLifetimeMilliseconds).toISOString(),
    } as const;
    const signature = sign(null, Buffer.from(authorizationText(authorization)), keys.privateKey);
    return { authorization, keyId: key.keyId, signature: signature.toString('base64') };
  }

  function complete({
    operationId,
    simulation,
    outcomes,
  }: z.output<typeof CompletePatchOperation.input>): z.input<typeof CompletePatchOperation.output> {
    const operation = requireOpen(operationId);
    const decided = operation.kind === 'Scan' ? decide(operation, simulation ?? nothingAnnounced) : null;
    const refused = decided?.refused ?? [...operation.refused, ...(simulation?.refused ?? [])];
    const latest = requireFacts();
    const said = simulation !== null || refused.length > 0 ? { ...nothingAnnounced, ...simulation, refused } : null;
    const verdict = evaluate(inputOf(latest, said));
    const plan = decided?.plan ?? operation.plan;
    open = { ...operation, plan, refused, outcomes, factsAfter: latest.facts, verdictAfter: verdict };
    return {
      status: verdict.status,
      counts: countPatches(verdict),
      unknownReasons: verdict.unknownReasons,
      report: [`Verdict: ${verdict.status}`],
    };
  }

  function answer(name: string, input: unknown): unknown {
    switch (name) {
      case SubmitFacts.name:
        return takeFacts(SubmitFacts.input.parse(input));
      case BeginPatchOperation.name:
        return begin(BeginPatchOperation.input.parse(input).operation);
      case SubmitChangelogs.name: {
        const { operationId, readings } = SubmitChangelogs.input.parse(input);
        return takeChangelogs(operationId, readings);
      }
      case ProposePlan.name: {
        const { operationId, simulation } = ProposePlan.input.parse(input);
        return propose(operationId, simulation);
      }
      case CompletePatchOperation.name:
        return complete(CompletePatchOperation.input.parse(input));
      default:
        throw new LocalControlPlaneError('UNKNOWN_OPERATION', `${name} needs a control plane.`);
    }
  }

  const server: ServerCalls = {
    now,
    callPatchbay: async <Input extends z.ZodType, Output extends z.ZodType>(
      contract: OperationContract<Input, Output>,
      input: z.input<Input>,
    ): Promise<z.output<Output>> => contract.output.parse(answer(contract.name, input)),
  };
  return { nodeId, key, server, decisions: () => open ?? nothingDecided };
}

const nothingDecided: LocalDecisions = {
  baseline: null,
  factsBefore: null,
  factsAfter: null,
  verdictBefore: null,
  verdictAfter: null,
  plan: null,
  refused: [],
  leftAlone: [],
  outcomes: [],
};
