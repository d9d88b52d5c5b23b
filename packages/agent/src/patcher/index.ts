import { fileURLToPath } from 'node:url';

export {
  type CollectedFacts,
  type CollectPhase,
  type CollectRequest,
  collectFacts,
  type UsedLists,
} from './collect-facts.ts';
export { type ExecuteRequest, executePlan } from './execute.ts';
export { PatcherError } from './patcher-error.ts';
export { type SimulationRequest, simulateTargets } from './simulate.ts';

/** The program that the agent starts for each run, with `--state DIR --run DIR`. */
export const patcherProgramFile: string = fileURLToPath(new URL('./main.ts', import.meta.url));
