export {
  type DocumentRun,
  type InterruptedStep,
  type NestedDocuments,
  runDocument,
  runNestedDocument,
} from './run-document.ts';
export { capOutput, combineStatuses, type DocumentResult, EndStatus, markLoss, StepResult } from './step-result.ts';
