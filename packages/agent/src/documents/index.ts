export { type DocumentRun, type InterruptedStep, runDocument } from './run-document.ts';
export { capOutput, combineStatuses, type DocumentResult, EndStatus, markLoss, StepResult } from './step-result.ts';
