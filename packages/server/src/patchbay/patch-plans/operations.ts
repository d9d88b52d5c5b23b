import { ApplyPatchPlan, CreatePatchPlan, GetPatchPlan, ListPatchPlans } from '@patchbay/contracts';
import { nextToken, startOfPage } from '../../operations/pages.ts';
import { fulfil } from '../../operations/registry.ts';
import { describeNodesOfPlan, describePatchPlan, describePatchPlans } from './describe.ts';
import { patchPlanErrors } from './errors.ts';
import { countNodesOfPlans, listNodesOfPlan, pagePatchPlans } from './repository.ts';
import { applyPatchPlan, createPatchPlan, requirePatchPlan } from './service.ts';

function readPosition(text: string): { createdAt: Date; patchPlanId: string } | undefined {
  const [createdAt, patchPlanId] = text.split(' ');
  return createdAt && patchPlanId ? { createdAt: new Date(createdAt), patchPlanId } : undefined;
}

/** Plans over many nodes: made, shown, carried out. */
export const patchPlanContracts = [
  fulfil(CreatePatchPlan, {
    errors: patchPlanErrors,
    // Who may not see windows learns nothing about their targets either.
    needs: ({ windowId }) => (windowId === undefined ? [] : ['ssm:GetMaintenanceWindowExecution']),
    handle: async (input, context) => ({
      plan: await describePatchPlan(await createPatchPlan(input, context), context),
    }),
  }),
  fulfil(GetPatchPlan, {
    errors: patchPlanErrors,
    handle: async (input, context) => {
      const { db, reach, now } = context;
      const counted = await requirePatchPlan(input.planId, context);
      const limit = input.maxResults ?? 20;
      const page = startOfPage('GetPatchPlan', input, context);
      const { patchPlanId } = counted.plan;
      const query = { patchPlanId, reach, now, afterInstanceId: page.after, limit: limit + 1 };
      const found = await listNodesOfPlan(db, context, query);
      return {
        plan: await describePatchPlan(counted, context),
        nodes: await describeNodesOfPlan(found.slice(0, limit), counted.plan, context),
        nextToken: nextToken(page, found, limit, ({ instanceId }) => instanceId),
      };
    },
  }),
  fulfil(ListPatchPlans, {
    errors: patchPlanErrors,
    handle: async (input, context) => {
      const { db, reach, now } = context;
      const limit = input.maxResults ?? 20;
      const page = startOfPage('ListPatchPlans', input, context);
      const found = await pagePatchPlans(db, context, { reach, after: readPosition(page.after), limit: limit + 1 });
      const shown = found.slice(0, limit);
      const ids = shown.map(({ patchPlanId }) => patchPlanId);
      const counts = await countNodesOfPlans(db, context, ids, reach, now);
      const none = { waiting: 0, offline: 0, ready: 0, failed: 0 };
      const counted = shown.map((plan) => ({ plan, nodes: counts.get(plan.patchPlanId) ?? none }));
      return {
        plans: await describePatchPlans(counted, context),
        nextToken: nextToken(page, found, limit, (plan) => `${plan.createdAt.toISOString()} ${plan.patchPlanId}`),
      };
    },
  }),
  fulfil(ApplyPatchPlan, {
    errors: patchPlanErrors,
    handle: (input, context) => applyPatchPlan(input, context),
  }),
];
