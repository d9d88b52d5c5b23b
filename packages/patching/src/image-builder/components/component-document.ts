import type { ActionName } from './action-inputs.ts';
import type { Condition } from './condition.ts';
import type { StepLoop } from './loop.ts';

/** A parameter of a component; one without a default must be given (user guide, "Define and reference variables"). */
export interface ComponentParameter {
  readonly name: string;
  readonly type: 'string';
  readonly default: string | null;
  readonly description: string | null;
}

export interface ComponentConstant {
  readonly name: string;
  readonly value: string;
}

export type OnFailure = 'Abort' | 'Continue' | 'Ignore';
export type ConditionEffect = 'Abort' | 'Execute' | 'Skip';

/** `if`: what becomes of the step when the condition holds, and when it does not. */
export interface StepCondition {
  readonly condition: Condition;
  readonly whenTrue: ConditionEffect;
  readonly whenFalse: ConditionEffect;
}

export interface ComponentStep {
  readonly name: string;
  readonly action: ActionName;
  readonly condition: StepCondition | null;
  readonly loop: StepLoop | null;
  /** For one attempt with all its iterations; null is without end. */
  readonly timeoutSeconds: number | null;
  readonly onFailure: OnFailure;
  readonly maxAttempts: number;
  /** As the document writes them, references included, every number and truth value as its text. */
  readonly inputs: unknown;
}

export interface ComponentPhase {
  readonly name: string;
  readonly steps: readonly ComponentStep[];
}

/** A component document of schema 1.0 (user guide, "Use the AWSTOE component document framework"). */
export interface ComponentDocument {
  readonly name: string | null;
  readonly description: string | null;
  readonly parameters: readonly ComponentParameter[];
  readonly constants: readonly ComponentConstant[];
  readonly phases: readonly ComponentPhase[];
}

/** What the API calls a component: one that changes the image, or one that only tests it (derived, never given). */
export function componentType({ phases }: ComponentDocument): 'BUILD' | 'TEST' {
  return phases.some(({ name }) => stageOfPhase(name) === 'build') ? 'BUILD' : 'TEST';
}

/** The stage of Image Builder that runs a phase; null for a phase that only other callers run. */
export function stageOfPhase(phase: string): 'build' | 'test' | null {
  if (phase === 'build' || phase === 'validate') return 'build';
  return phase === 'test' || phase === 'container-host-test' ? 'test' : null;
}

export interface StepName {
  readonly phase: string;
  readonly step: string;
}

/**
 * The steps that always reboot. A script that ends with 194 asks for a reboot too; that is known only when it has run
 * (`rebootExitCode`).
 */
export function findRebootSteps(document: ComponentDocument): StepName[] {
  return document.phases.flatMap(({ name: phase, steps }) =>
    steps.filter(({ action }) => action === 'Reboot').map(({ name: step }) => ({ phase, step })),
  );
}

/** Why a component cannot be part of a container image, null when it can. */
export function findContainerProblem(document: ComponentDocument): string | null {
  const [reboot] = findRebootSteps(document);
  if (reboot !== undefined) {
    return `Step ${reboot.step} of phase ${reboot.phase} reboots (action Reboot), and a container cannot: remove the step, or use the component only for disk images.`;
  }
  for (const { name: phase, steps } of document.phases) {
    const step = steps.find(({ action }) => action === 'S3Download' || action === 'S3Upload');
    if (step === undefined) continue;
    return `Step ${step.name} of phase ${phase} uses S3 (action ${step.action}), and there is none here: fetch with WebDownload, and upload with a program of your own.`;
  }
  return null;
}

/** A phase of one of several components, by its place in the recipe. */
export interface PhaseOfComponent {
  readonly component: number;
  readonly phase: string;
}

/**
 * The phases that a stage runs, in order: in the build stage first `build` of every component, then `validate` of every one
 * (user guide, "How Image Builder works"). `container-host-test` runs beside a container, not in it, and comes last.
 */
export function orderPhases(documents: readonly ComponentDocument[], stage: 'build' | 'test'): PhaseOfComponent[] {
  const phases = stage === 'build' ? ['build', 'validate'] : ['test', 'container-host-test'];
  return phases.flatMap((phase) =>
    documents.flatMap((document, component) =>
      document.phases.some(({ name }) => name === phase) ? [{ component, phase }] : [],
    ),
  );
}
