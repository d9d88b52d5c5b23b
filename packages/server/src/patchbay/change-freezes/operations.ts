import {
  CreateChangeFreeze,
  DeleteChangeFreeze,
  GetStartState,
  ListChangeFreezes,
  OverrideChangeFreeze,
  ResumeStarts,
  StopStarts,
} from '@patchbay/contracts';
import { fulfil } from '../../operations/registry.ts';
import { freezeErrors } from './errors.ts';
import {
  createFreeze,
  deleteFreeze,
  describeFreezes,
  overrideFreeze,
  readStartState,
  resumeStarts,
  stopStarts,
} from './service.ts';

const errors = freezeErrors;

/** When nothing may be changed, and the switch that stops everything. */
export const changeFreezeContracts = [
  fulfil(CreateChangeFreeze, {
    errors,
    handle: async (input, context) => ({ freeze: await createFreeze(input, context) }),
  }),
  fulfil(ListChangeFreezes, { handle: async (_input, context) => ({ freezes: await describeFreezes(context) }) }),
  fulfil(DeleteChangeFreeze, {
    errors,
    handle: async ({ name }, context) => {
      await deleteFreeze(name, context);
      return {};
    },
  }),
  fulfil(OverrideChangeFreeze, {
    errors,
    handle: async (input, context) => ({ freeze: await overrideFreeze(input, context) }),
  }),
  fulfil(StopStarts, { handle: async ({ reason }, context) => await stopStarts(reason, context) }),
  fulfil(ResumeStarts, { handle: async ({ reason }, context) => await resumeStarts(reason, context) }),
  fulfil(GetStartState, { handle: async (_input, context) => await readStartState(context) }),
];
