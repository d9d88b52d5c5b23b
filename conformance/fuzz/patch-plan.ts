import { BeginPatchOperation, CompletePatchOperation, CreatePatchPlan } from '@patchbay/contracts';
import type { Simulation } from '@patchbay/facts';
import { readSuccess } from '../../packages/server/src/test-support/send-request.ts';
import type { NodeHost, TestNode } from '../../packages/server/src/test-support/test-node.ts';

/** A patch plan over these nodes, which one of them has answered with its newest facts. Answers its id. */
export async function providePatchPlan(
  host: NodeHost,
  instanceIds: readonly string[],
  node: TestNode,
  found: { readonly factsId: string; readonly simulation: Simulation },
): Promise<string> {
  const made = await host.call('Patchbay.CreatePatchPlan', { instanceIds }, { service: 'patchbay' });
  const { plan } = CreatePatchPlan.output.parse(readSuccess(made));
  const { operationId } = await node.patchbay(BeginPatchOperation, {
    factsId: found.factsId,
    operation: 'Scan',
    commandId: plan.commandId,
    rebootOption: 'NoReboot',
    snapshotId: '',
  });
  await node.patchbay(CompletePatchOperation, { operationId, ...found, outcomes: [] });
  return plan.planId;
}
