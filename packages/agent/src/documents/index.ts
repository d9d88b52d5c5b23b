export { type DocumentRun, type InterruptedStep, runDocument } from './run-document.ts';
export { capOutput, combineStatuses, type DocumentResult, EndStatus, StepResult } from './step-result.ts';
