export { compilePattern } from './allowed-pattern/linear-pattern.ts';
export * from './approval-clock/approval-instant.ts';
export * from './approval-clock/changelog-date.ts';
export * from './approval-clock/record-observation.ts';
export * from './approval-clock/release-date.ts';
export * from './baselines/baseline-error.ts';
export * from './baselines/baseline-file.ts';
export * from './baselines/check-baseline.ts';
export * from './baselines/filter-values.ts';
export * from './baselines/patch-properties.ts';
export * from './baselines/predefined-baselines.ts';
export * from './baselines/update-baseline.ts';
export * from './change-freezes/change-freeze.ts';
export * from './classification/archive-classification.ts';
export * from './classification/archive-product.ts';
export * from './documents/archive-documents.ts';
export * from './documents/built-in-documents.ts';
export * from './documents/command-document.ts';
export * from './documents/document-name.ts';
export * from './documents/document-text.ts';
export * from './documents/document-traits.ts';
export * from './documents/for-other-agents.ts';
export * from './documents/nested-documents.ts';
export * from './documents/patch-hooks.ts';
export * from './documents/patch-plans.ts';
export * from './documents/patcher-script.ts';
export * from './documents/resolve-parameters.ts';
export * from './documents/substitute-parameters.ts';
export * from './evaluation/available-patch.ts';
export * from './evaluation/changelog-questions.ts';
export { type CompiledBaseline, compileBaseline, evaluatedOperatingSystems } from './evaluation/compile-baseline.ts';
export * from './evaluation/evaluate.ts';
export * from './evaluation/evaluation-settings.ts';
export { emptyReleaseHistory, type ReleaseHistory } from './evaluation/release-timeline.ts';
export { unknownItem } from './evaluation/special-items.ts';
export * from './image-builder/arns/image-builder-arn.ts';
export {
  type ActionName,
  actionNames,
  actionTraits,
  type ComponentAction,
  type FileEncoding,
} from './image-builder/components/action-inputs.ts';
export * from './image-builder/components/component-document.ts';
export * from './image-builder/components/component-parameters.ts';
export {
  comparisonOperators,
  type DigestAlgorithm,
  type MachineQuestion,
} from './image-builder/components/condition.ts';
export type { LoopIteration } from './image-builder/components/loop.ts';
export * from './image-builder/components/nested-component.ts';
export * from './image-builder/components/read-component.ts';
export * from './image-builder/components/run-component.ts';
export * from './image-builder/components/run-requests.ts';
export * from './image-builder/components/script-component.ts';
export type { ComponentStepResult, ComponentStepStatus } from './image-builder/components/step-scope.ts';
export { DockerfileError, type DockerfileProblem } from './image-builder/dockerfile/dockerfile-error.ts';
export * from './image-builder/dockerfile/dockerfile-step.ts';
export * from './image-builder/dockerfile/read-dockerfile.ts';
export * from './image-builder/dockerfile/resolve-dockerfile.ts';
export * from './image-builder/managed-components/managed-components.ts';
export * from './image-builder/parent-images/image-reference.ts';
export * from './image-builder/parent-images/parent-image.ts';
export * from './image-builder/pipelines/consecutive-failures.ts';
export * from './image-builder/pipelines/decide-scheduled-run.ts';
export * from './image-builder/pipelines/dependency-updates.ts';
export * from './image-builder/pipelines/image-states.ts';
export * from './image-builder/pipelines/pipeline-schedule.ts';
export * from './image-builder/versions/select-version.ts';
export * from './image-builder/versions/semantic-version.ts';
export * from './images/compare-packages.ts';
export * from './images/describe-freshness.ts';
export * from './maintenance-windows/check-task.ts';
export * from './maintenance-windows/check-window.ts';
export * from './maintenance-windows/pseudo-parameters.ts';
export * from './maintenance-windows/window-problem.ts';
export * from './maintenance-windows/window-schedule.ts';
export * from './maintenance-windows/window-targets.ts';
export * from './overrides/baseline-override.ts';
export * from './overrides/install-list.ts';
export * from './overrides/override-error.ts';
export * from './patch-groups/patch-groups.ts';
export * from './plans/bound-plan.ts';
export * from './plans/check-group.ts';
export * from './plans/compare-plan.ts';
export * from './plans/explain-plan.ts';
export * from './plans/foresee-reboot.ts';
export * from './plans/list-refused.ts';
export * from './plans/make-plan.ts';
export * from './plans/select-targets.ts';
export * from './presence/observe-machine.ts';
export * from './rate-control/rate-control.ts';
export * from './schedules/describe-schedule.ts';
export * from './schedules/execution-time.ts';
export * from './schedules/occurrences.ts';
export { occurrencesBetween } from './schedules/occurrences.ts';
export {
  type AtExpression,
  parseScheduleExpression,
  type RateExpression,
  type ScheduleExpression,
} from './schedules/parse-expression.ts';
export { parseSchedule, parseScheduleDate, type Schedule, type ScheduleDefinition } from './schedules/schedule.ts';
export { ScheduleError } from './schedules/schedule-error.ts';
export { findTimeZone, type TimeZone } from './schedules/time-zone.ts';
export * from './states/aws-patches.ts';
export * from './states/compliance.ts';
export * from './states/patch-group-state.ts';
export * from './states/state-table.ts';
export { compileWildcard, compileWildcards } from './wildcard/wildcard.ts';
export * from './window-executions/decide-execution.ts';
export * from './window-executions/execution-state.ts';
export * from './window-executions/missed-start.ts';
