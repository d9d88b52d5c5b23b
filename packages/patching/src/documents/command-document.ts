import { z } from 'zod';

/** The text of one parameter: a single one for String, several for StringList. */
export const ParameterValue = z.union([z.string(), z.array(z.string())]);
export type ParameterValue = z.infer<typeof ParameterValue>;

/** One parameter that a command document takes (SSM user guide, "Data elements and parameters"). */
export const DocumentParameter = z.object({
  type: z.enum(['String', 'StringList']),
  description: z.string().optional(),
  /** A parameter without a default is required. */
  default: ParameterValue.optional(),
  allowedValues: z.array(z.string()).optional(),
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
  precondition: z.object({ StringEquals: z.tuple([z.string(), z.string()]) }).optional(),
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
      const wantsList = parameter.type === 'StringList';
      if (parameter.default !== undefined && Array.isArray(parameter.default) !== wantsList) {
        const message = `Expected the default of a ${parameter.type} to be ${wantsList ? 'a list of texts' : 'one text'}`;
        context.addIssue({ code: 'custom', path: ['parameters', name, 'default'], message });
      }
      if (parameter.allowedPattern !== undefined && !isPattern(parameter.allowedPattern)) {
        const message = 'Expected a regular expression';
        context.addIssue({ code: 'custom', path: ['parameters', name, 'allowedPattern'], message });
      }
    }
  });
export type CommandDocument = z.infer<typeof CommandDocument>;

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
