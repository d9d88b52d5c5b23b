export { type DocumentRun, runDocument } from './run-document.ts';
export { capOutput, combineStatuses, type DocumentResult, EndStatus, StepResult } from './step-result.ts';
