import { CompletePatchOperation, type OperationContract, SubmitFacts } from '@patchbay/contracts';
import type { GroupOutcome, NodeOverlay } from '@patchbay/facts';
import type { z } from 'zod';
import { openLocalControlPlane } from '../../packages/agent/src/local-control-plane/index.ts';
import type { RunParts } from '../../packages/agent/src/patcher/run.ts';

/** The control plane's half of the conversation without a server: its decisions are the real ones, and what came is kept. */
export function openControlPlane(planId = 'plan') {
  const submitted: { overlay: NodeOverlay }[] = [];
  const calls: string[] = [];
  const outcomes: GroupOutcome[] = [];
  const plane = openLocalControlPlane({
    baseline: null,
    clockDirectory: null,
    now: () => new Date(),
    randomId: () => planId,
  });
  const server: RunParts['server'] = {
    now: plane.server.now,
    async callPatchbay<Input extends z.ZodType, Output extends z.ZodType>(
      contract: OperationContract<Input, Output>,
      input: z.input<Input>,
    ): Promise<z.output<Output>> {
      calls.push(contract.name);
      const sent: unknown = JSON.parse(JSON.stringify(input));
      if (contract.name === CompletePatchOperation.name)
        outcomes.push(...CompletePatchOperation.input.parse(sent).outcomes);
      const answer = await plane.server.callPatchbay(contract, contract.input.parse(sent) as z.input<Input>);
      if (contract.name === SubmitFacts.name && SubmitFacts.output.parse(answer).factsId !== null) {
        submitted.push(SubmitFacts.input.parse(sent));
      }
      return answer;
    },
  };
  return { nodeId: plane.nodeId, key: plane.key, server, submitted, calls, outcomes };
}
