export {
  type ComponentFile,
  ComponentFileError,
  choosePhases,
  describeProblem,
  findRootProblem,
  readComponentFile,
  readParameters,
} from './component-file.ts';
export { describeLine, describeResult, type StepSummary, summarizeSteps } from './describe-run.ts';
export { type ComponentFileRun, runComponentFile } from './run-component-file.ts';
