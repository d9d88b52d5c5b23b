import { GetPatchPlan } from '@patchbay/contracts';
import type { ControlPlaneClient } from '../control-plane-client.ts';
import { collectPages } from '../control-plane-options.ts';
import type { WholePlan } from './describe-plan.ts';

/** A stored plan with every node of it, as things stand. */
export async function readWholePlan(client: ControlPlaneClient, planId: string): Promise<WholePlan> {
  let plan: WholePlan['plan'] | undefined;
  const nodes = await collectPages(async (nextToken) => {
    const page = await client.call(GetPatchPlan, { planId, maxResults: 50, nextToken });
    plan = page.plan;
    return { entries: page.nodes, nextToken: page.nextToken };
  });
  if (plan === undefined) throw new RangeError(`The plan ${planId} has no page`);
  return { plan, nodes };
}
