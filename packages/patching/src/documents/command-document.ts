import { z } from 'zod';
import { compilePattern } from '../allowed-pattern/linear-pattern.ts';

const TextMap = z.record(z.string(), z.unknown());

/** The value of one parameter, as its type wants it. */
export const ParameterValue = z.union([
  z.string(),
  z.array(z.string()),
  z.number().int(),
  z.boolean(),
  TextMap,
  z.array(TextMap),
]);
export type ParameterValue = z.infer<typeof ParameterValue>;

/** The types of parameters; those beyond String and StringList occur in Command documents that AWS owns. */
export const ParameterType = z.enum(['String', 'StringList', 'Integer', 'Boolean', 'StringMap', 'MapList']);
export type ParameterType = z.infer<typeof ParameterType>;

/** What a value of each type is, and how a message says so. */
export const parameterKinds: Readonly<Record<ParameterType, { readonly schema: z.ZodType; readonly words: string }>> = {
  String: { schema: z.string(), words: 'one text' },
  StringList: { schema: z.array(z.string()), words: 'a list of texts' },
  Integer: { schema: z.number().int(), words: 'a whole number' },
  Boolean: { schema: z.boolean(), words: 'true or false' },
  StringMap: { schema: TextMap, words: 'a map' },
  MapList: { schema: z.array(TextMap), words: 'a list of maps' },
};

/** One parameter that a command document takes (SSM user guide, "Data elements and parameters"). */
export const DocumentParameter = z.strictObject({
  type: ParameterType,
  description: z.string().optional(),
  /** A parameter without a default is required. */
  default: ParameterValue.optional(),
  allowedValues: z.array(z.union([z.string(), z.number(), z.boolean()]).transform(String)).optional(),
  allowedPattern: z.string().optional(),
  displayType: z.enum(['textfield', 'textarea']).optional(),
  minChars: z.number().int().nonnegative().optional(),
  maxChars: z.number().int().nonnegative().optional(),
  minItems: z.number().int().nonnegative().optional(),
  maxItems: z.number().int().nonnegative().optional(),
  /** `ENV_VAR` hands the value to the script in its environment instead of writing it into the script's text. */
  interpolationType: z.enum(['TEXT', 'ENV_VAR']).optional(),
});
export type DocumentParameter = z.infer<typeof DocumentParameter>;

/** One step; `onFailure`, `onSuccess` and `finallyStep` stand inside the inputs. */
export const DocumentStep = z.object({
  action: z.string().regex(/^aws:[A-Za-z]+$/),
  name: z.string().min(1),
  precondition: z.strictObject({ StringEquals: z.tuple([z.string(), z.string()]) }).optional(),
  inputs: z
    .looseObject({
      onFailure: z.enum(['exit', 'successAndExit']).optional(),
      onSuccess: z.literal('exit').optional(),
      finallyStep: z.union([z.boolean(), z.enum(['true', 'false'])]).optional(),
    })
    .default({}),
});
export type DocumentStep = z.infer<typeof DocumentStep>;

/** A command document of schema version 2.2. */
export const CommandDocument = z
  .object({
    schemaVersion: z.literal('2.2'),
    description: z.string().optional(),
    parameters: z.record(z.string().regex(/^[a-zA-Z0-9_-]+$/), DocumentParameter).default({}),
    mainSteps: z.array(DocumentStep).min(1),
  })
  .superRefine((document, context) => {
    const names = new Set<string>();
    for (const [index, step] of document.mainSteps.entries()) {
      const path = ['mainSteps', index];
      if (names.has(step.name)) {
        context.addIssue({ code: 'custom', path: [...path, 'name'], message: `Step name ${step.name} is used twice` });
      }
      names.add(step.name);
      const { finallyStep } = step.inputs;
      const isFinally = finallyStep === true || finallyStep === 'true';
      if (isFinally && index !== document.mainSteps.length - 1) {
        const message = 'Only the last step can be the finallyStep';
        context.addIssue({ code: 'custom', path: [...path, 'inputs', 'finallyStep'], message });
      }
    }
    for (const [name, parameter] of Object.entries(document.parameters)) {
      const { schema, words } = parameterKinds[parameter.type];
      const refuse = (member: string, message: string) =>
        context.addIssue({ code: 'custom', path: ['parameters', name, member], message });
      if (parameter.default !== undefined && !schema.safeParse(parameter.default).success) {
        refuse('default', `Expected the default of a ${parameter.type} to be ${words}`);
      }
      if (parameter.allowedPattern === undefined) continue;
      const pattern = compilePattern(parameter.allowedPattern);
      if (!pattern.ok) refuse('allowedPattern', pattern.problem);
    }
  });
export type CommandDocument = z.infer<typeof CommandDocument>;
