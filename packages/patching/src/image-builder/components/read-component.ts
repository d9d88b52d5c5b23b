import { z } from 'zod';
import { type DocumentProblem, writePath } from '../../documents/document-problem.ts';
import { type DocumentSource, type Path, readDocumentSource } from '../../documents/document-source.ts';
import { findActionProblem, findInputProblems, isActionName } from './action-inputs.ts';
import { findReferenceProblems } from './check-references.ts';
import type {
  ComponentDocument,
  ComponentPhase,
  ComponentStep,
  ConditionEffect,
  StepCondition,
} from './component-document.ts';
import { readCondition } from './condition.ts';
import { readLoop } from './loop.ts';

export type ComponentReading =
  | { readonly ok: true; readonly document: ComponentDocument }
  | { readonly ok: false; readonly problems: readonly DocumentProblem[] };

type ReadSource = Extract<DocumentSource, { readonly ok: true }>;
type Report = (path: Path, message: string) => void;

function text(what: string) {
  return z.string({ error: ({ input }) => (input === undefined ? `missing: expected ${what}` : `expected ${what}`) });
}
const optionalText = text('a text')
  .nullish()
  .transform((value) => value ?? null);
/** The user guide's rule for parameters and constants. */
const VariableName = /^[A-Za-z0-9_-]{3,128}$/;
const type = z.literal('string', { error: 'expected string, the only type' });

const Parameter = z.strictObject(
  { type, default: optionalText, description: optionalText },
  { error: 'expected a map with type, default and description' },
);
const Constant = z.strictObject({ type, value: text('a text') }, { error: 'expected a map with type and value' });
const variables = z.array(z.record(z.string(), z.unknown(), { error: 'expected a map of one name' }), {
  error: 'expected a list: each begins with -',
});
const Step = z.strictObject(
  {
    name: text('the name of the step').min(1, { error: 'expected a name' }),
    action: text('the name of an action module'),
    if: z.unknown().optional(),
    loop: z.unknown().optional(),
    timeoutSeconds: z
      .number({ error: 'expected whole seconds, 1 or more, or -1 for no limit' })
      .refine((value) => value === -1 || (Number.isSafeInteger(value) && value >= 1), {
        error: 'expected whole seconds, 1 or more, or -1 for no limit',
      })
      .nullish(),
    onFailure: z.enum(['Abort', 'Continue', 'Ignore'], { error: 'expected Abort, Continue or Ignore' }).nullish(),
    maxAttempts: z
      .int({ error: 'expected a whole number, 1 or more' })
      .min(1, { error: 'expected 1 or more' })
      .nullish(),
    inputs: z.unknown().optional(),
  },
  { error: 'expected a map with name, action and inputs' },
);
const Document = z.strictObject(
  {
    name: optionalText,
    description: optionalText,
    schemaVersion: z.unknown().optional(),
    parameters: variables.nullish(),
    constants: variables.nullish(),
    phases: z
      .array(
        z.strictObject(
          {
            name: text('the name of the phase').min(1, { error: 'expected a name' }),
            steps: z
              .array(Step, {
                error: ({ input }) =>
                  input === undefined ? 'missing: expected a list of steps' : 'expected a list of steps',
              })
              .min(1, { error: 'expected one step or more' }),
          },
          { error: 'expected a map with name and steps' },
        ),
        {
          error: ({ input }) =>
            input === undefined ? 'missing: expected a list of phases' : 'expected a list of phases',
        },
      )
      .min(1, { error: 'expected one phase or more' }),
  },
  { error: 'expected a map with schemaVersion and phases' },
);
type WrittenStep = z.infer<typeof Step>;

/** Reads and checks the text of a component document of schema 1.0 for Linux; JSON is YAML too. */
export function readComponentDocument(content: string): ComponentReading {
  const source = readDocumentSource(content, 'YAML');
  if (!source.ok) {
    const { place, message } = source;
    return { ok: false, problems: [{ kind: 'content', path: '', line: place?.line, column: place?.column, message }] };
  }
  const problems: DocumentProblem[] = [];
  const reportAs = (kind: DocumentProblem['kind']): Report => {
    return (path, message) => {
      const place = source.placeOf(path);
      problems.push({ kind, path: writePath(path), line: place?.line, column: place?.column, message });
    };
  };
  const report = reportAs('content');
  checkSchemaVersion(source, reportAs('schema-version'));
  const written = Document.safeParse(source.value);
  if (!written.success) {
    for (const issue of written.error.issues) {
      if (issue.code !== 'unrecognized_keys') report(issue.path, issue.message);
      else for (const key of issue.keys) report([...issue.path, key], `unknown member ${key}`);
    }
    return { ok: false, problems };
  }
  const { name, description, parameters, constants, phases } = written.data;
  const document: ComponentDocument = {
    name,
    description,
    parameters: readVariables(parameters ?? [], 'parameters', Parameter, source, report),
    constants: readVariables(constants ?? [], 'constants', Constant, source, report),
    phases: phases.map((phase, phaseIndex): ComponentPhase => {
      const readOne = (step: WrittenStep, index: number): ComponentStep[] =>
        readStep(step, ['phases', phaseIndex, 'steps', index], source, report);
      return { name: phase.name, steps: phase.steps.flatMap(readOne) };
    }),
  };
  // A step that could not be read is missing from the document: names and references would seem wrong.
  if (problems.length === 0) checkNames(document, report);
  if (problems.length === 0) {
    for (const { path, message } of findReferenceProblems(document)) report(path, message);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, document };
}

function checkSchemaVersion({ value }: ReadSource, report: Report): void {
  const head = z.looseObject({ schemaVersion: z.unknown().optional() }).safeParse(value);
  if (!head.success) return;
  const { schemaVersion } = head.data;
  // YAML reads 1.0 without quotes as the number 1.
  if (schemaVersion === 1 || schemaVersion === '1.0') return;
  const was = schemaVersion === undefined ? 'nothing' : JSON.stringify(schemaVersion);
  report(['schemaVersion'], `expected 1.0, found ${was}`);
}

/**
 * A value with every number and truth value as the text it was written as, for inputs are texts: `0644` stays that. What was
 * left empty is left out of maps.
 */
function textLeaves(value: unknown, path: Path, source: ReadSource): unknown {
  if (typeof value === 'number' || typeof value === 'boolean') return source.writtenAt(path) ?? String(value);
  if (Array.isArray(value)) return value.map((each, index) => textLeaves(each, [...path, index], source));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== null)
      .map(([name, each]) => [name, textLeaves(each, [...path, name], source)]),
  );
}

function readVariables<Value>(
  list: readonly Readonly<Record<string, unknown>>[],
  member: 'parameters' | 'constants',
  schema: z.ZodType<Value>,
  source: ReadSource,
  report: Report,
): (Value & { readonly name: string })[] {
  return list.flatMap((entry, index) => {
    const [name = '', ...others] = Object.keys(entry);
    const path = [member, index, name];
    if (name === '' || others.length > 0) {
      report([member, index], 'expected a map of one name');
      return [];
    }
    if (!VariableName.test(name)) report(path, `the name ${name} is not 3 to 128 of letters, digits, - and _`);
    const written = schema.safeParse(textLeaves(entry[name], path, source));
    if (written.success) return [{ ...written.data, name }];
    for (const issue of written.error.issues) {
      if (issue.code !== 'unrecognized_keys') report([...path, ...issue.path], issue.message);
      else for (const key of issue.keys) report([...path, ...issue.path, key], `unknown member ${key}`);
    }
    return [];
  });
}

function readStep(step: WrittenStep, path: Path, source: ReadSource, report: Report): ComponentStep[] {
  const { name, action } = step;
  if (!isActionName(action)) {
    report([...path, 'action'], findActionProblem(action) ?? '');
    return [];
  }
  const inputsPath = [...path, 'inputs'];
  const inputs = textLeaves(step.inputs ?? undefined, inputsPath, source);
  if (action === 'Assert') readCondition(inputs, inputsPath, report);
  for (const problem of findInputProblems(action, inputs)) report([...inputsPath, ...problem.path], problem.message);
  if (action === 'ExecuteDocument') {
    // The guide: both are fixed, whatever the documents inside do.
    const fixed = [['timeoutSeconds', -1] as const, ['maxAttempts', 1] as const];
    for (const [member, only] of fixed) {
      if ((step[member] ?? only) !== only) report([...path, member], `ExecuteDocument takes only ${only}, its default`);
    }
  }
  const timeoutSeconds = step.timeoutSeconds ?? (action === 'ExecuteDocument' || action === 'Reboot' ? -1 : 7200);
  const loop =
    step.loop === undefined || step.loop === null
      ? null
      : readLoop(textLeaves(step.loop, [...path, 'loop'], source), [...path, 'loop'], report);
  return [
    {
      name,
      action,
      condition: readStepCondition(step.if, [...path, 'if'], source, report),
      loop,
      timeoutSeconds: timeoutSeconds === -1 ? null : timeoutSeconds,
      onFailure: step.onFailure ?? 'Abort',
      maxAttempts: step.maxAttempts ?? 1,
      inputs,
    },
  ];
}

const conditionEffects: readonly ConditionEffect[] = ['Abort', 'Execute', 'Skip'];

function readStepCondition(value: unknown, path: Path, source: ReadSource, report: Report): StepCondition | null {
  if (value === undefined || value === null) return null;
  const texts = textLeaves(value, path, source);
  const condition = readCondition(texts, path, report, ['then', 'else']);
  if (condition === null) return null;
  const members = new Map<string, unknown>(Object.entries(texts as object));
  const readEffect = (member: string, standard: ConditionEffect): ConditionEffect => {
    const given = members.get(member);
    const effect = given === undefined ? standard : conditionEffects.find((each) => each === given);
    if (effect === undefined) report([...path, member], `expected ${conditionEffects.join(', ')}`);
    return effect ?? standard;
  };
  return { condition, whenTrue: readEffect('then', 'Execute'), whenFalse: readEffect('else', 'Skip') };
}

function checkNames({ parameters, constants, phases }: ComponentDocument, report: Report): void {
  const variables = [
    ...parameters.map(({ name }, index) => [name, ['parameters', index, name]] as const),
    ...constants.map(({ name }, index) => [name, ['constants', index, name]] as const),
  ];
  reportRepeated(variables, 'parameter or constant', report);
  const phaseNames = phases.map(({ name }, index) => [name, ['phases', index, 'name']] as const);
  reportRepeated(phaseNames, 'phase', report);
  if (!phases.some(({ name }) => name === 'build' || name === 'validate' || name === 'test')) {
    report(['phases'], 'expected at least one of the phases build, validate and test');
  }
  for (const [phaseIndex, { name, steps }] of phases.entries()) {
    const at = (index: number, ...rest: PropertyKey[]) => ['phases', phaseIndex, 'steps', index, ...rest];
    const stepNames = steps.map((step, index) => [step.name, at(index, 'name')] as const);
    reportRepeated(stepNames, `step of phase ${name}`, report);
    const loopNames = steps.flatMap(({ loop }, index) =>
      loop?.name ? [[loop.name, at(index, 'loop', 'name')] as const] : [],
    );
    reportRepeated(loopNames, `loop of phase ${name}`, report);
  }
}

function reportRepeated(names: readonly (readonly [string, Path])[], what: string, report: Report): void {
  const seen = new Set<string>();
  for (const [name, path] of names) {
    if (seen.has(name)) report(path, `another ${what} has the name ${name} already`);
    seen.add(name);
  }
}
