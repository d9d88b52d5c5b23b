import { z } from 'zod';
import type { CommandDocument } from './command-document.ts';

export interface MemberProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

const REFERENCE = /\{\{\s*[a-zA-Z0-9_-]+\s*\}\}/;
/** What is known only once parameters are written in. */
const Reference = z.string().regex(REFERENCE);

function isTimeout(text: string): boolean {
  return /^\s*\d{1,6}\s*$/.test(text) && Number(text) >= 1 && Number(text) <= 172_800;
}

const Lines = z.union([z.string(), z.array(z.string())], { error: 'expected a text or a list of texts' });
const seconds = { error: 'expected a whole number of seconds, 1 to 172800' };
const TimeoutSeconds = z
  .union([z.number(), z.string()], seconds)
  .refine((given) => REFERENCE.test(String(given)) || isTimeout(String(given)), seconds);
const Text = z.string({ error: 'expected a text' });
const JsonMap = z.union([z.record(z.string(), z.unknown()), z.string()], { error: 'expected a map or its JSON text' });

function oneOf(...values: readonly string[]) {
  const expected = `expected ${values.slice(0, -1).join(', ')} or ${values.at(-1) ?? ''}`;
  return z.union([Reference, z.enum(values)], { error: expected });
}

const script = z.looseObject({
  runCommand: Lines,
  timeoutSeconds: TimeoutSeconds.optional(),
  workingDirectory: Text.optional(),
});

/** Plugins whose inputs are known here (SSM user guide, "Command document plugin reference"). */
const inputsOfPlugins = new Map<string, z.ZodType>([
  ['aws:runShellScript', script],
  ['aws:runPowerShellScript', script],
  [
    'aws:runDocument',
    z.looseObject({
      documentType: oneOf('SSMDocument', 'LocalPath'),
      documentPath: Text,
      documentParameters: JsonMap.optional(),
    }),
  ],
  [
    'aws:downloadContent',
    z.looseObject({
      sourceType: oneOf('GitHub', 'Git', 'HTTP', 'S3', 'SSMDocument'),
      sourceInfo: JsonMap,
      destinationPath: Text.optional(),
    }),
  ],
]);

/** The other plugins that AWS knows. Patchbay's agent does not run them; another agent on a node may. */
const otherPlugins = [
  'aws:applications',
  'aws:cloudWatch',
  'aws:configureDocker',
  'aws:configurePackage',
  'aws:domainJoin',
  'aws:psModule',
  'aws:refreshAssociation',
  'aws:runDockerAction',
  'aws:softwareInventory',
  'aws:updateAgent',
  'aws:updateSsmAgent',
];

/** Also what the names of converted steps of schema 1.2 look like: `0.aws:runShellScript`. */
const STEP_NAME = /^[a-zA-Z0-9_\-.:]{1,128}$/;

function findNameProblems(document: CommandDocument): MemberProblem[] {
  return document.mainSteps.flatMap(({ name }, index) =>
    STEP_NAME.test(name)
      ? []
      : [{ path: ['mainSteps', index, 'name'], message: 'expected 1 to 128 of a-z, A-Z, 0-9, _, -, . and :' }],
  );
}

/** Steps with a name that cannot be one, with a plugin that does not exist, or with inputs that its plugin cannot take. */
export function findInputProblems(document: CommandDocument): MemberProblem[] {
  const ofInputs = document.mainSteps.flatMap((step, index): MemberProblem[] => {
    const inputs = inputsOfPlugins.get(step.action);
    if (inputs === undefined) {
      if (otherPlugins.includes(step.action)) return [];
      const known = [...inputsOfPlugins.keys(), ...otherPlugins].join(', ');
      return [
        { path: ['mainSteps', index, 'action'], message: `there is no plugin ${step.action}; there are: ${known}` },
      ];
    }
    const parsed = inputs.safeParse(step.inputs);
    return (parsed.error?.issues ?? []).map(({ path, message }) => ({
      path: ['mainSteps', index, 'inputs', ...path],
      message,
    }));
  });
  return [...findNameProblems(document), ...ofInputs];
}

const Members = z.record(z.string(), z.unknown());
const documentMembers = ['schemaVersion', 'description', 'parameters', 'mainSteps'];
const stepMembers = ['action', 'name', 'description', 'precondition', 'inputs'];

/** Members that a document or a step does not have: a misspelt one would be left out without a word. */
export function findUnknownMembers(value: unknown): MemberProblem[] {
  const unknown = (members: unknown, known: readonly string[], path: readonly PropertyKey[]) =>
    Object.keys(Members.safeParse(members).data ?? {})
      .filter((name) => !known.includes(name))
      .map((name) => ({ path: [...path, name], message: `unknown member; expected one of: ${known.join(', ')}` }));
  const steps = z.array(z.unknown()).safeParse(Members.safeParse(value).data?.['mainSteps']).data ?? [];
  return [
    ...unknown(value, documentMembers, []),
    ...steps.flatMap((step, index) => unknown(step, stepMembers, ['mainSteps', index])),
  ];
}
