export type { Downloads } from './download-content.ts';
export { createContentFetcher } from './fetch-content.ts';
export {
  type DocumentRun,
  type InterruptedStep,
  runDocument,
  runNestedDocument,
} from './run-document.ts';
export { capOutput, combineStatuses, type DocumentResult, EndStatus, markLoss, StepResult } from './step-result.ts';
