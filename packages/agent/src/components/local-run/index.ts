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
export { type LogDirectory, openLogDirectory } from './log-directory.ts';
export { type ComponentFileResult, type ComponentFileRun, runComponentFile } from './run-component-file.ts';
export { createRootUpdater } from './update-root.ts';
