import { z } from 'zod';

type Path = readonly PropertyKey[];

export type Conversion =
  | {
      readonly ok: true;
      readonly value: unknown;
      /** Where in the old document stood what is at this path of the new one. */
      readonly originOf: (path: Path) => Path;
    }
  | { readonly ok: false; readonly problems: readonly { readonly path: Path; readonly message: string }[] };

const Properties = z.record(z.string(), z.unknown());
const OldDocument = z.strictObject({
  schemaVersion: z.unknown(),
  description: z.string().optional(),
  parameters: z.unknown().optional(),
  runtimeConfig: z.record(
    z.string(),
    z.looseObject({ description: z.string().optional(), properties: z.union([Properties, z.array(Properties)]) }),
  ),
});

/**
 * A document of schema 1.2 as one of 2.2 (SSM user guide, "Schema features and examples"): runtimeConfig becomes mainSteps,
 * properties become inputs, commands becomes runCommand, id becomes the name. A single step is named after its plugin,
 * whatever its id, as AWS shows it; one of several without an id after its number and its plugin.
 */
export function convertOldSchema(value: unknown): Conversion {
  const read = OldDocument.safeParse(value);
  if (!read.success) {
    return { ok: false, problems: read.error.issues.map(({ path, message }) => ({ path, message })) };
  }
  const { runtimeConfig, parameters, description } = read.data;
  const steps = Object.entries(runtimeConfig).flatMap(([action, { properties }]) => {
    const all = Array.isArray(properties) ? properties : [properties];
    return all.map((each, index) => {
      const { id, commands, ...inputs } = each;
      const origin: Path = ['runtimeConfig', action, 'properties', ...(Array.isArray(properties) ? [index] : [])];
      const isOnly = all.length === 1 && Object.keys(runtimeConfig).length === 1;
      const name = isOnly ? action : typeof id === 'string' && id !== '' ? id : `${index}.${action}`;
      const renamed = commands === undefined || 'runCommand' in inputs ? inputs : { ...inputs, runCommand: commands };
      return { origin, isRenamed: renamed !== inputs, step: { action, name, inputs: renamed } };
    });
  });
  const content = {
    schemaVersion: '2.2',
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters }),
    mainSteps: steps.map(({ step }) => step),
  };
  const originOf = (path: Path): Path => {
    const [first, index, part, member, ...rest] = path;
    const found = first === 'mainSteps' && typeof index === 'number' ? steps[index] : undefined;
    if (first === 'mainSteps' && found === undefined) return ['runtimeConfig'];
    if (found === undefined) return path;
    if (part !== 'inputs' || member === undefined) return found.origin;
    return [...found.origin, member === 'runCommand' && found.isRenamed ? 'commands' : member, ...rest];
  };
  return { ok: true, value: content, originOf };
}
