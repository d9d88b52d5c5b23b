import { generateKeyPairSync, sign } from 'node:crypto';
import {
  authorizationText,
  CompletePatchOperation,
  type OperationContract,
  type PlanAuthorization,
  ProposePlan,
  SubmitFacts,
} from '@patchbay/contracts';
import type { GroupOutcome, NodeFacts, Simulation, UnknownReason } from '@patchbay/facts';
import { contentDigest } from '@patchbay/facts/digest';
import {
  compileBaseline,
  countPatches,
  defaultEvaluationSettings,
  emptyReleaseHistory,
  evaluate,
  makePlan,
  planDigest,
  predefinedBaselineFor,
  selectTargets,
} from '@patchbay/patching';
import { expect } from 'vitest';
import type { z } from 'zod';
import type { RunParts } from '../../packages/agent/src/patcher/run.ts';

export const nodeId = 'mi-0123456789abcdef0';
const keys = generateKeyPairSync('ed25519');
export const key = { keyId: 'k', publicKey: keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64') };
const compiled = compileBaseline(predefinedBaselineFor('DEBIAN'), 1);

/** The control plane's half of the conversation, on plain values: its decisions are the real ones. */
export function openControlPlane(planId = 'plan') {
  const units = new Map<string, unknown>();
  const submitted: NodeFacts[] = [];
  const calls: string[] = [];
  const outcomes: GroupOutcome[] = [];
  let known: UnknownReason[] = [];
  const judge = (facts: NodeFacts | undefined, simulation: Simulation | null) =>
    evaluate({
      facts: facts ?? null,
      factsReceivedAt: new Date(),
      baseline: compiled,
      history: emptyReleaseHistory,
      simulation,
      now: new Date(),
      settings: defaultEvaluationSettings,
      furtherDoubts: known,
    });
  const answer = (name: string, input: unknown): unknown => {
    const facts = submitted.at(-1);
    switch (name) {
      case 'SubmitFacts': {
        const { operatingSystem, overlay, doubts, ...given } = SubmitFacts.input.parse(input);
        for (const { digest, content } of Object.values(given)) {
          if (content === undefined) continue;
          expect(contentDigest(content)).toBe(digest);
          units.set(digest, content);
        }
        const missing = Object.entries(given).flatMap(([unit, { digest }]) => (units.has(digest) ? [] : [unit]));
        if (missing.length > 0) return { factsId: null, missing };
        const contents = Object.entries(given).map(([unit, { digest }]) => [unit, units.get(digest)]);
        known = doubts;
        submitted.push({ operatingSystem, overlay, ...Object.fromEntries(contents) } as NodeFacts);
        return { factsId: `facts-${submitted.length}`, missing: [] };
      }
      case 'BeginPatchOperation': {
        const { status, unknownReasons, ...verdict } = judge(facts, null);
        const baseline = { baselineId: 'pb', name: 'predefined' };
        return {
          operationId: 'operation',
          baseline,
          targets: selectTargets(verdict),
          blocked: [],
          status,
          unknownReasons,
        };
      }
      case 'ProposePlan': {
        const { simulation } = ProposePlan.input.parse(input);
        const made = makePlan({
          planId,
          nodeId,
          operationId: 'operation',
          createdAt: new Date().toISOString(),
          verdict: judge(facts, null),
          simulation,
          baseline: compiled,
          installedDigest: '',
          policy: { holds: [] },
          archives: facts?.offers.archives ?? [],
        });
        if (!made.ok) return { plan: null, authorization: null, refused: simulation.refused };
        const authorization: PlanAuthorization = {
          kind: 'plan',
          nodeId,
          operationId: 'operation',
          planId,
          planDigest: planDigest(made.plan),
          expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
        };
        const signature = sign(null, Buffer.from(authorizationText(authorization)), keys.privateKey).toString('base64');
        return {
          plan: made.plan,
          authorization: { authorization, keyId: key.keyId, signature },
          refused: simulation.refused,
        };
      }
      default: {
        const completion = CompletePatchOperation.input.parse(input);
        outcomes.push(...completion.outcomes);
        const verdict = judge(facts, completion.simulation);
        const report = [`Verdict: ${verdict.status}`];
        return {
          status: verdict.status,
          counts: countPatches(verdict),
          unknownReasons: verdict.unknownReasons,
          report,
        };
      }
    }
  };
  const server: RunParts['server'] = {
    now: () => new Date(),
    async callPatchbay<Input extends z.ZodType, Output extends z.ZodType>(
      contract: OperationContract<Input, Output>,
      input: z.input<Input>,
    ): Promise<z.output<Output>> {
      calls.push(contract.name);
      return contract.output.parse(answer(contract.name, JSON.parse(JSON.stringify(input))));
    },
  };
  return { server, submitted, calls, outcomes };
}
