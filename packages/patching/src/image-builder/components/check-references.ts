import type { Path } from '../../documents/document-source.ts';
import { actionTraits } from './action-inputs.ts';
import { type ComponentDocument, type ComponentPhase, type ComponentStep, stageOfPhase } from './component-document.ts';
import { textsOfCondition } from './condition.ts';
import { type ChainReference, findExpressions, readReference } from './references.ts';

export interface ReferenceProblem {
  readonly path: Path;
  readonly message: string;
}

/** Where a text stands decides what it may refer to. */
type Place = 'inputs' | 'condition' | 'loop';

/** Every text in a value, with its path. */
function* textsOf(value: unknown, path: Path): Generator<readonly [Path, string]> {
  if (typeof value === 'string') yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  const members: Iterable<[PropertyKey, unknown]> = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [name, member] of members) yield* textsOf(member, [...path, name]);
}

function* textsOfStep(step: ComponentStep, path: Path): Generator<readonly [Place, Path, string]> {
  for (const [at, text] of textsOf(step.inputs, [...path, 'inputs'])) yield ['inputs', at, text];
  if (step.condition) {
    for (const [at, text] of textsOfCondition(step.condition.condition, [...path, 'if'])) yield ['condition', at, text];
  }
  const { loop } = step;
  if (loop?.kind === 'list') {
    for (const [at, text] of textsOf(loop.items, [...path, 'loop', 'forEach'])) yield ['loop', at, text];
  }
  if (loop?.kind === 'delimited') yield ['loop', [...path, 'loop', 'forEach', 'list'], loop.list];
}

/**
 * References that cannot have a value: to names that nothing defines, to steps that run later or on another machine, to inputs
 * and outputs that a step does not have, and to loop variables outside their loop. AWSTOE leaves the last as they are; here they
 * are mistakes. `{{ … }}` that has the form of no reference is left alone: other tools use braces too.
 */
export function findReferenceProblems(document: ComponentDocument): ReferenceProblem[] {
  const names = new Set([...document.parameters, ...document.constants].map(({ name }) => name));
  return document.phases.flatMap((phase, phaseIndex) =>
    phase.steps.flatMap((step, stepIndex) => {
      const check = (place: Place, expression: string): string | null => {
        const reference = readReference(expression);
        if (reference === null) {
          const [first = ''] = expression.split('.', 1);
          const isMeant =
            expression.includes('.') && (first === 'loop' || document.phases.some(({ name }) => name === first));
          return isMeant
            ? 'is no reference; expected PHASE.STEP.inputs.NAME, PHASE.STEP.outputs.NAME, loop.index or loop.value'
            : null;
        }
        if (reference.kind === 'name') {
          return names.has(reference.name)
            ? null
            : 'is not defined; to write these braces as text, make them the value of a constant and refer to that';
        }
        if (reference.kind === 'loop') {
          if (step.loop === null) return `stands outside a loop: step ${step.name} has none`;
          if (reference.loop !== 'loop' && reference.loop !== step.loop.name) {
            return `names a loop that step ${step.name} does not have; only its own can be referred to`;
          }
          return place === 'inputs' ? null : 'can stand only in inputs: the loop has not begun here';
        }
        return findChainProblem(document, { phase, phaseIndex, stepIndex }, reference);
      };
      return [...textsOfStep(step, ['phases', phaseIndex, 'steps', stepIndex])].flatMap(([place, path, text]) =>
        findExpressions(text).flatMap((expression) => {
          const message = check(place, expression);
          return message === null ? [] : [{ path, message: `{{ ${expression} }} ${message}` }];
        }),
      );
    }),
  );
}

interface ReferringStep {
  readonly phase: ComponentPhase;
  readonly phaseIndex: number;
  readonly stepIndex: number;
}

function findChainProblem(document: ComponentDocument, from: ReferringStep, chain: ChainReference): string | null {
  const phaseIndex = document.phases.findIndex(({ name }) => name === chain.phase);
  const phase = document.phases[phaseIndex];
  if (phase === undefined) return `names the phase ${chain.phase}, which the document does not have`;
  const stepIndex = phase.steps.findIndex(({ name }) => name === chain.step);
  const step = phase.steps[stepIndex];
  if (step === undefined) return `names the step ${chain.step}, which phase ${chain.phase} does not have`;
  const isEarlier = phaseIndex < from.phaseIndex || (phaseIndex === from.phaseIndex && stepIndex < from.stepIndex);
  if (!isEarlier) return `refers to a step that has not run yet; only earlier steps can be referred to`;
  const [there, here] = [stageOfPhase(phase.name), stageOfPhase(from.phase.name)];
  if (there !== null && here !== null && there !== here) {
    return `refers from the ${here} stage to the ${there} stage, which runs elsewhere`;
  }
  return chain.side === 'outputs' ? findOutputProblem(step, chain) : findInputsProblem(step, chain);
}

function findOutputProblem(step: ComponentStep, { index, variable }: ChainReference): string | null {
  const { outputs, takesList } = actionTraits(step.action);
  if (!outputs.includes(variable)) {
    return `names an output that ${step.action} does not have; it has ${outputs.join(', ') || 'none'}`;
  }
  return index !== null && index > 0 && !takesList ? `counts outputs of ${step.action}, which has one` : null;
}

function findInputsProblem(step: ComponentStep, { index, variable }: ChainReference): string | null {
  const { inputs } = step;
  if (Array.isArray(inputs) && index === null)
    return `needs a number: the inputs of ${step.action} are a list (inputs[0])`;
  if (!Array.isArray(inputs) && index !== null) return `counts inputs of ${step.action}, which are no list`;
  const members: unknown = Array.isArray(inputs) ? inputs[index ?? 0] : inputs;
  const value =
    typeof members === 'object' && members !== null ? new Map(Object.entries(members)).get(variable) : undefined;
  if (value === undefined) return `names an input that step ${step.name} does not have`;
  if (typeof value !== 'string') return 'names an input that is no text';
  const isOfLoop = findExpressions(value).some((expression) => readReference(expression)?.kind === 'loop');
  return isOfLoop ? 'names an input that is another in each iteration of its loop' : null;
}
